using Swarm.Inference.Configuration;

namespace Swarm.Inference.Presets;

/// <summary>Built-in shapes, with seeded random weights.</summary>
public static class Preset
{
    /// <summary>Vocabulary of a preset unless another one is asked for.</summary>
    public const int DefaultVocabularySize = 1024;

    /// <summary>Names of the presets.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tiny", "small"];

    /// <summary>The shape of a preset.</summary>
    /// <param name="name"><c>tiny</c> (about 1 M parameters) or <c>small</c> (about 80 M).</param>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <returns>The shape.</returns>
    /// <exception cref="ArgumentException">There is no such preset.</exception>
    public static LlamaConfig Config(string name, int vocabularySize = DefaultVocabularySize) => name switch
    {
        "tiny" => new LlamaConfig
        {
            VocabularySize = vocabularySize,
            HiddenSize = 128,
            IntermediateSize = 384,
            Layers = 4,
            Heads = 4,
            KvHeads = 2,
            HeadDim = 32,
            MaxPositions = 65_536,
        },
        "small" => new LlamaConfig
        {
            VocabularySize = vocabularySize,
            HiddenSize = 768,
            IntermediateSize = 2048,
            Layers = 12,
            Heads = 12,
            KvHeads = 4,
            HeadDim = 64,
            MaxPositions = 65_536,
        },
        _ => throw new ArgumentException(
            $"There is no preset '{name}'; there are {string.Join(" and ", Names)}.", nameof(name)),
    };
}
