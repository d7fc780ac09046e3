using Swarm.Gguf;
using Swarm.Testing.Models;

namespace Swarm.Benchmarks.Paths;

/// <summary>A model of the shape of <see cref="SmallModel"/> in bfloat16, which llama.cpp computes.</summary>
internal sealed class SmallGguf : IBenchModel<LlamaCppRuntime>
{
    private readonly LlamaCppModel _model;

    /// <summary>Writes the model into a folder, and loads it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="threads">Threads of a step; <see langword="null"/> for as many as there are processors.</param>
    public SmallGguf(string folder, int? threads = null)
    {
        var options = new LlamaCppOptions();
        options.Threads = threads ?? options.Threads;
        _model = LlamaCppModel.Load(
            new RandomGguf(12, 768, 12, 4, 64, 2048, 1024, 65_536, GgufTensorType.BFloat16).Write(Path.Combine(folder, "small.gguf")), options);
    }

    /// <inheritdoc/>
    public LlamaCppRuntime NewRuntime(int positions) => _model.CreateRuntime(positions);

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
