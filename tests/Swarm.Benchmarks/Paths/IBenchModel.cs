namespace Swarm.Benchmarks.Paths;

/// <summary>A model whose runtimes a section measures.</summary>
/// <typeparam name="TRuntime">Its runtime.</typeparam>
internal interface IBenchModel<TRuntime> : IDisposable
    where TRuntime : IKvRuntime, IDisposable
{
    /// <summary>An empty runtime, which the caller disposes.</summary>
    TRuntime NewRuntime(int positions);
}
