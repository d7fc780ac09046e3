using DroneHandoff.Tokens;
using Swarm;
using Swarm.Gguf;
using Swarm.Inference;
using Swarm.Inference.Configuration;
using Swarm.Inference.Presets;

namespace DroneHandoff.Models;

/// <summary>The model of a run: the only place that knows which inference engine is used.</summary>
internal sealed class DroneModel
{
    // The longest steps are warmed up twice, and these between them.
    private static readonly int[] WarmUpSteps = [4, 6, 6, 6, 1, 1, 1];

    private DroneModel(LlamaModel model)
    {
        Descriptor = model.Descriptor;
        Parameters = model.Config.ParameterCount;
        MaxPositions = model.Config.MaxPositions;
        Ignored = model.Ignored;
        CreateRuntime = positions => model.CreateRuntime(positions);
    }

    private DroneModel(LlamaCppModel model)
    {
        Descriptor = model.Descriptor;
        Parameters = model.Info.ParameterCount;
        MaxPositions = model.Info.ContextLength;
        Ignored = [];
        CreateRuntime = positions => model.CreateRuntime(positions);
    }

    /// <summary>What the model is.</summary>
    public ModelDescriptor Descriptor { get; }

    /// <summary>Number of its weights.</summary>
    public long Parameters { get; }

    /// <summary>Its longest sequence.</summary>
    public int MaxPositions { get; }

    /// <summary>What of its files is not known, and was not used.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Makes an empty cache for so many positions, at most <see cref="MaxPositions"/>.</summary>
    public Func<int, IKvRuntime> CreateRuntime { get; }

    /// <summary>Loads or makes a model.</summary>
    /// <param name="model"><c>tiny</c>, <c>small</c>, a model's directory, or a GGUF file, which llama.cpp computes.</param>
    /// <param name="seed">Seed of a preset's weights.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidDataException">There is no model that its engine can run; the message says why.</exception>
    public static DroneModel Open(string model, int seed) => Explained(() =>
    {
        if (File.Exists(model))
        {
            return new DroneModel(LlamaCppModel.Load(model, new LlamaCppOptions { Tokenizer = TokenVocabulary.Name }));
        }

        return new DroneModel(Preset.Names.Contains(model)
            ? LlamaModel.CreatePreset(model, (ulong)seed, TokenVocabulary.Name)
            : LlamaModel.Load(model, TokenVocabulary.Name));
    });

    /// <summary>Checks a model as <see cref="Open"/> does, without reading its weights.</summary>
    /// <param name="model"><c>tiny</c>, <c>small</c>, a model's directory, or a GGUF file.</param>
    /// <returns>Its longest sequence, and what of its files is not known.</returns>
    /// <exception cref="InvalidDataException">There is no model that its engine can run; the message says why.</exception>
    public static ModelCheck Check(string model) => Explained(() =>
    {
        if (File.Exists(model))
        {
            var info = LlamaCppModel.Inspect(model);
            RequireVocabulary(info.VocabularySize);
            return new ModelCheck(info.ContextLength, $"{info.Architecture}.context_length", []);
        }

        IReadOnlyList<string> ignored = [];
        var config = Preset.Names.Contains(model) ? Preset.Config(model) : LlamaModel.Inspect(model, out ignored);
        RequireVocabulary(config.VocabularySize);
        return new ModelCheck(config.MaxPositions, "max_position_embeddings", ignored);
    });

    /// <summary>Runs the shapes of step that the demo uses, on a cache of their own, so that no timing holds a first time.</summary>
    public void WarmUp()
    {
        var probe = CreateRuntime(1);
        var chunk = Math.Min(probe.MaxStepTokens, (MaxPositions - WarmUpSteps.Sum()) / 2);
        (probe as IDisposable)?.Dispose();
        var runtime = CreateRuntime((2 * chunk) + WarmUpSteps.Sum());
        var logits = new float[runtime.VocabularySize];
        foreach (var length in (int[])[chunk, .. WarmUpSteps, chunk])
        {
            runtime.Forward(new int[length], logits);
        }

        (runtime as IDisposable)?.Dispose();
    }

    private static T Explained<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception fault) when (fault is ModelFormatException or GgufFormatException or LlamaCppException or IOException or UnauthorizedAccessException)
        {
            throw fault as InvalidDataException ?? new InvalidDataException(fault.Message, fault);
        }
    }

    private static void RequireVocabulary(int size)
    {
        if (size < TokenVocabulary.Size)
        {
            throw new InvalidDataException($"The model knows {size} tokens; telemetry needs {TokenVocabulary.Size}.");
        }
    }
}
