using DroneHandoff.Tokens;
using Swarm;
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
    /// <param name="model"><c>tiny</c>, <c>small</c>, or a model's directory.</param>
    /// <param name="seed">Seed of a preset's weights.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidDataException">The directory holds no model that the engine can run.</exception>
    public static DroneModel Open(string model, int seed) =>
        From(Preset.Names.Contains(model)
            ? LlamaModel.CreatePreset(model, (ulong)seed, TokenVocabulary.Name)
            : LlamaModel.Load(model, TokenVocabulary.Name));

    /// <summary>Checks a model as <see cref="Open"/> does, without reading its weights.</summary>
    /// <param name="model"><c>tiny</c>, <c>small</c>, or a model's directory.</param>
    /// <returns>Its longest sequence, and what of its files is not known.</returns>
    /// <exception cref="InvalidDataException">There is no model that the engine can run; the message says why.</exception>
    public static (int MaxPositions, IReadOnlyList<string> Ignored) Check(string model)
    {
        try
        {
            IReadOnlyList<string> ignored = [];
            var config = Preset.Names.Contains(model) ? Preset.Config(model) : LlamaModel.Inspect(model, out ignored);
            RequireVocabulary(config.VocabularySize);
            return (config.MaxPositions, ignored);
        }
        catch (Exception fault) when (fault is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(fault.Message, fault);
        }
    }

    private static DroneModel From(LlamaModel model)
    {
        RequireVocabulary(model.Config.VocabularySize);
        return new DroneModel(model);
    }

    private static void RequireVocabulary(int size)
    {
        if (size < TokenVocabulary.Size)
        {
            throw new InvalidDataException($"The model knows {size} tokens; telemetry needs {TokenVocabulary.Size}.");
        }
    }

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
}
