using DroneHandoff.Tokens;
using Swarm.Core.Inference;
using Swarm.Core.Models;
using Swarm.Inference.Model;
using Swarm.Inference.Presets;

namespace DroneHandoff.Models;

/// <summary>The model of a run: the only place that knows which inference engine is used.</summary>
internal sealed class DroneModel
{
    private DroneModel(ModelDescriptor descriptor, long parameters, Func<int, IKvRuntime> createRuntime)
    {
        Descriptor = descriptor;
        Parameters = parameters;
        CreateRuntime = createRuntime;
    }

    /// <summary>What the model is.</summary>
    public ModelDescriptor Descriptor { get; }

    /// <summary>Number of its weights.</summary>
    public long Parameters { get; }

    /// <summary>Makes an empty cache for so many positions.</summary>
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

    private static DroneModel From(LlamaModel model) =>
        model.Config.VocabularySize >= TokenVocabulary.Size
            ? new DroneModel(
                model.Descriptor, model.Config.ParameterCount, positions => model.CreateRuntime(positions))
            : throw new InvalidDataException(
                $"The model knows {model.Config.VocabularySize} tokens; telemetry needs {TokenVocabulary.Size}.");

    /// <summary>Runs the shapes of step that the demo uses, on a cache of their own, so that no timing holds a first time.</summary>
    public void WarmUp()
    {
        var probe = CreateRuntime(1);
        var chunk = probe.MaxStepTokens;
        (probe as IDisposable)?.Dispose();
        var runtime = CreateRuntime((2 * chunk) + 64);
        var logits = new float[runtime.VocabularySize];
        foreach (var length in (int[])[chunk, 4, 6, 6, 6, 1, 1, 1, chunk])
        {
            runtime.Forward(new int[length], logits);
        }

        (runtime as IDisposable)?.Dispose();
    }
}
