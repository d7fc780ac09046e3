using Swarm.Inference;
using Swarm.Inference.Configuration;

namespace DroneHandoff.Tests.Models;

/// <summary>A model of random weights in a directory of its own, deleted with the test.</summary>
internal sealed class ModelFolder : IDisposable
{
    public ModelFolder(LlamaConfig config)
    {
        using var model = LlamaModel.CreateRandom(config, 1, "sample");
        model.Save(Path);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("drone-model-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
