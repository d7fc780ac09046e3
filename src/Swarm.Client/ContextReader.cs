using Swarm.Client.Rehydration;
using Swarm.Core.Contexts;
using Swarm.Core.Inference;

namespace Swarm.Client;

/// <summary>Reads a context without holding it: for inspection, and to fill a runtime from what is durable.</summary>
public sealed class ContextReader : IAsyncDisposable
{
    /// <summary>Watermarks at the time of attaching.</summary>
    public Watermarks Durable => throw new NotImplementedException();

    /// <summary>Fills an empty runtime, by loading KV or by recomputing it.</summary>
    public Task<RehydrationReport> RehydrateAsync(
        IKvRuntime runtime, RehydrationStrategy strategy, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Reads durable inputs.</summary>
    public IAsyncEnumerable<InputRun> ReadInputsAsync(
        long firstPosition, long count, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Reads durable KV. Dispose each run.</summary>
    public IAsyncEnumerable<KvRunData> ReadKvAsync(
        long firstPosition, long count, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>The latest durable state of each name.</summary>
    public Task<IReadOnlyList<NamedState>> ReadStatesAsync(CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
