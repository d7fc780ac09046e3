using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Settings;
using Swarm.Core.Tenants;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Server;

/// <summary>The server side of the data plane: give it to Kestrel with <c>UseConnectionHandler</c>.</summary>
/// <remarks>One for all connections of a silo: they share its ingest budget and its buffers.</remarks>
public sealed class SwarmConnectionHandler : ConnectionHandler, IDisposable
{
    private readonly IContextHost _contexts;
    private readonly ITenantDirectory _tenants;
    private readonly DataPlaneServerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly IngestBudget _budget;
    private readonly ServerMetrics _metrics;
    private readonly string? _localSocket;
    private int _connections;

    /// <summary>Creates the handler.</summary>
    /// <param name="contexts">The silo's open contexts.</param>
    /// <param name="tenants">Whose credential is good.</param>
    /// <param name="options">Settings.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where logs go.</param>
    /// <param name="meters">The host's meters; <see langword="null"/> for one of its own, which ends with this.</param>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public SwarmConnectionHandler(
        IContextHost contexts,
        ITenantDirectory tenants,
        DataPlaneServerOptions options,
        TimeProvider timeProvider,
        ILogger<SwarmConnectionHandler> logger,
        IMeterFactory? meters = null)
    {
        SettingRules.Require(options, nameof(options));
        _contexts = contexts;
        _tenants = tenants;
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        _budget = new IngestBudget(options.IngestBytes, options.AttachmentIngestBytes, timeProvider);
        Buffers = new BufferPool(options.IdleBufferBytes);
        _localSocket = options.LocalSocket ? LocalSocket.NewName() : null;
        _metrics = new ServerMetrics(meters, _budget, () => ConnectionCount);
    }

    /// <summary>
    /// Where to listen besides TCP, for agents on this machine, which are told of it and come here by themselves; <see langword="null"/> where
    /// <see cref="DataPlaneServerOptions.LocalSocket"/> says so, and on systems other than Linux.
    /// </summary>
    public UnixDomainSocketEndPoint? LocalEndpoint => _localSocket is null ? null : LocalSocket.Find(_localSocket);

    /// <summary>Receive buffers of all connections.</summary>
    public BufferPool Buffers { get; }

    /// <summary>Bytes of the ingest budget that are free.</summary>
    public long AvailableIngestBytes => _budget.Available;

    /// <summary>Connections now.</summary>
    public int ConnectionCount => Volatile.Read(ref _connections);

    /// <summary>Ends what measures; connections are ended by the server that they came from.</summary>
    public void Dispose() => _metrics.Dispose();

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var isLocal = connection.LocalEndPoint is UnixDomainSocketEndPoint;
        var name = $"{connection.ConnectionId} from {(isLocal ? "this machine" : connection.RemoteEndPoint)}";
        if (Interlocked.Increment(ref _connections) > _options.MaxConnections)
        {
            Interlocked.Decrement(ref _connections);
            _metrics.ConnectionEnded("full");
            ServerLog.ConnectionRefused(_logger, name, $"{_options.MaxConnections} connections are open");
            return;
        }

        try
        {
            var channel = new FrameChannel(new PipeTransport(connection), Buffers, _timeProvider);
            await using (channel.ConfigureAwait(false))
            {
                var nearer = _localSocket is not null && connection.LocalEndPoint is IPEndPoint address ? (address.Port, _localSocket) : default((int, string)?);
                using var served = new ServerConnection(
                    name, nearer, channel, _contexts, _budget, _options, _timeProvider, _metrics, _logger);
                var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested;
                using var registration = stopping?.Register(served.Stop);
                await served.RunAsync(_tenants).ConfigureAwait(false);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}
