using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.DataPlane;
using Swarm.DataPlane.Client;
using Swarm.Format.Manifests;

namespace Swarm;

/// <summary>Reads a context without holding it: for inspection, and to fill a runtime from what is durable.</summary>
public sealed class ContextReader : IContextReader
{
    private readonly string _context;
    private readonly PooledConnection _connection;
    private readonly DataPlaneAttachment _attachment;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    internal ContextReader(
        string context, PooledConnection connection, DataPlaneAttachment attachment, TimeProvider timeProvider, ILogger logger)
    {
        _context = context;
        _connection = connection;
        _attachment = attachment;
        _timeProvider = timeProvider;
        _logger = logger;
    }

    /// <summary>Opens a reader where the context's data plane is.</summary>
    internal static async Task<ContextReader> OpenAsync(
        ControlPlane control,
        string context,
        SwarmClientOptions options,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var endpoint = await control.LocateAsync(context, cancellationToken).ConfigureAwait(false);
            var connection = await control.Connections.RentAsync(DataPlaneEndpoint.Parse(endpoint), cancellationToken)
                .ConfigureAwait(false);
            var isAttached = false;
            try
            {
                var attachment = await connection.Client.AttachReaderAsync(context, new NoObserver(), cancellationToken)
                    .ConfigureAwait(false);
                isAttached = true;
                return new ContextReader(context, connection, attachment, options.TimeProvider, logger);
            }
            catch (SwarmTransportException) when (connection is { IsReused: true, Client.IsLost: true })
            {
                // It had been lost, as with a silo that was restarted: the pool does not give it again.
            }
            finally
            {
                if (!isAttached)
                {
                    await connection.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The context's hash chain, at position 0.</summary>
    internal PrefixHasher NewHasher() => new(_attachment.TenantKey, Model, _attachment.BlockTokens);

    /// <summary>Watermarks as last heard.</summary>
    public Watermarks Durable => _attachment.Durable;

    /// <summary>Fingerprint of the context's model.</summary>
    public ModelFingerprint Model => _attachment.Model;

    /// <summary>Fills a runtime with what is durable now, by loading KV or by computing it again.</summary>
    /// <param name="runtime">The model; it is emptied before.</param>
    /// <param name="strategy">Whether stored KV is loaded, recomputed, or whichever is faster.</param>
    /// <param name="cancellationToken">Stops it. Nothing is written into the runtime any more when this ends; the reader, and others on its connection, go on.</param>
    /// <returns>What it took.</returns>
    /// <exception cref="InvalidOperationException">The runtime is in use by a session of this process.</exception>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="SwarmTransportException">The connection is lost.</exception>
    public async Task<RehydrationReport> RehydrateAsync(
        IKvRuntime runtime, RehydrationStrategy strategy, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        using var claim = RuntimeClaim.ForReader(runtime, _context, Model);
        var started = _timeProvider.GetTimestamp();
        var history = new InputHistory(NewHasher());
        var driver = new RuntimeDriver(runtime, history, claim.Steps);
        driver.Clear();
        var rehydrator = new Rehydrator(_context, _attachment, history, driver, _timeProvider, _logger);
        var durable = Durable;
        var report = await rehydrator.RunAsync(durable, strategy, started, cancellationToken).ConfigureAwait(false);
        var states = await _attachment.ReadStatesAsync(cancellationToken).ConfigureAwait(false);
        var numerics = NumericsHistory.Read(states.FirstOrDefault(state => state.Name == NumericsCodec.StateName), history.Length, durable.Kv);
        return report with { Numerics = runtime.Numerics, OtherNumerics = numerics.OthersThan(runtime.Numerics) };
    }

    /// <summary>Reads durable inputs.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="count">Positions; cut at the watermark.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>Runs in order, without holes.</returns>
    public IAsyncEnumerable<InputRun> ReadInputsAsync(
        long firstPosition, long count, CancellationToken cancellationToken = default) =>
        _attachment.ReadInputsAsync(firstPosition, count, cancellationToken);

    /// <summary>The latest durable state of each name.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>States in the order of their names.</returns>
    public async Task<IReadOnlyList<NamedState>> ReadStatesAsync(CancellationToken cancellationToken = default)
    {
        var states = await _attachment.ReadStatesAsync(cancellationToken).ConfigureAwait(false);
        return [.. states.Where(state => !Names.IsReservedState(state.Name))];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _attachment.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }
}
