namespace Swarm;

/// <summary>Reads a context without holding it: for inspection, and to fill a runtime from what is durable.</summary>
public interface IContextReader : IAsyncDisposable
{
    /// <inheritdoc cref="ContextReader.Durable"/>
    Watermarks Durable { get; }

    /// <inheritdoc cref="ContextReader.Model"/>
    ModelFingerprint Model { get; }

    /// <inheritdoc cref="ContextReader.RehydrateAsync(IKvRuntime, RehydrationStrategy, CancellationToken)"/>
    Task<RehydrationReport> RehydrateAsync(
        IKvRuntime runtime, RehydrationStrategy strategy, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ContextReader.ReadInputsAsync(long, long, CancellationToken)"/>
    IAsyncEnumerable<InputRun> ReadInputsAsync(long firstPosition, long count, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="ContextReader.ReadStatesAsync(CancellationToken)"/>
    Task<IReadOnlyList<NamedState>> ReadStatesAsync(CancellationToken cancellationToken = default);
}
