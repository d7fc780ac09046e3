using Swarm.Inference;
using Swarm.Inference.Presets;

namespace Swarm.Benchmarks.Paths;

/// <summary>A preset, with seeded weights and inputs.</summary>
/// <param name="preset"><c>small</c>, 80 M parameters, or <c>tiny</c>.</param>
internal sealed class SmallModel(string preset = "small") : IBenchModel<LlamaRuntime>
{
    private const int Seed = 20261125;

    private readonly LlamaModel _model = LlamaModel.CreatePreset(preset, Seed);

    /// <summary>An empty runtime.</summary>
    public LlamaRuntime NewRuntime(int positions) => _model.CreateRuntime(positions);

    /// <summary>Inputs.</summary>
    public static int[] Tokens(int count)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Preset.DefaultVocabularySize))];
    }

    /// <summary>Computes inputs in the longest steps.</summary>
    public static void Prefill(IKvRuntime runtime, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        while (!tokens.IsEmpty)
        {
            var step = tokens[..Math.Min(tokens.Length, runtime.MaxStepTokens)];
            runtime.Forward(step, logits);
            tokens = tokens[step.Length..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
