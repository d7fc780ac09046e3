using Swarm.Gguf;
using Swarm.Testing.Models;

namespace Swarm.Benchmarks.Paths;

/// <summary>A model of the shape of <see cref="SmallModel"/> in bfloat16, which llama.cpp computes.</summary>
internal sealed class SmallGguf : IBenchModel<LlamaCppRuntime>
{
    private readonly LlamaCppModel _model;

    /// <summary>Writes the model into a folder, and loads it.</summary>
    public SmallGguf(string folder) => _model = LlamaCppModel.Load(
        new RandomGguf(12, 768, 12, 4, 64, 2048, 1024, 65_536, GgufTensorType.BFloat16).Write(Path.Combine(folder, "small.gguf")));

    /// <inheritdoc/>
    public LlamaCppRuntime NewRuntime(int positions) => _model.CreateRuntime(positions);

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
