using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Swarm.DataPlane.Server;

namespace Swarm.Silo.Listening;

/// <summary>Listens for the data plane of an embedded silo, without a web server.</summary>
/// <param name="handler">Serves each connection.</param>
/// <param name="address">Is told where it listens.</param>
/// <param name="options">Where to listen.</param>
/// <param name="loggers">Where logs go.</param>
internal sealed class DataPlaneListener(
    SwarmConnectionHandler handler, DataPlaneAddress address, IOptions<SwarmSiloOptions> options, ILoggerFactory loggers)
    : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<ConnectionContext, Task> _connections = new();
    private readonly ILogger _logger = loggers.CreateLogger<DataPlaneListener>();
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        _listener = await new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers)
            .BindAsync(settings.DataPlaneEndpoint, cancellationToken);
        address.Set(settings.AdvertisedDataPlane ?? _listener.EndPoint.ToString()!);
        SiloLog.Listening(_logger, _listener.EndPoint);
        _accepting = AcceptAsync(_listener);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_listener is null)
        {
            return;
        }

        await _listener.UnbindAsync(cancellationToken);
        await _accepting;
        await _stopping.CancelAsync();
        try
        {
            await Task.WhenAll(_connections.Values).WaitAsync(StopLimit, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            foreach (var connection in _connections.Keys)
            {
                connection.Abort(new ConnectionAbortedException("The silo stops."));
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_listener is { } listener)
        {
            _listener = null;
            await listener.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private async Task AcceptAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
        {
            connection.Features.Set<IConnectionLifetimeNotificationFeature>(new Closing(_stopping));
            var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connections[connection] = served.Task;
            _ = ServeAsync(connection, served);
        }
    }

    private async Task ServeAsync(ConnectionContext connection, TaskCompletionSource served)
    {
        try
        {
            await handler.OnConnectedAsync(connection);
        }
        catch (Exception exception)
        {
            SiloLog.ConnectionFailed(_logger, connection.ConnectionId, exception);
        }
        finally
        {
            await connection.DisposeAsync();
            _connections.TryRemove(connection, out _);
            served.SetResult();
        }
    }

    /// <summary>Tells a connection that it is to end.</summary>
    private sealed class Closing(CancellationTokenSource stopping) : IConnectionLifetimeNotificationFeature
    {
        /// <inheritdoc/>
        public CancellationToken ConnectionClosedRequested { get; set; } = stopping.Token;

        /// <inheritdoc/>
        public void RequestClose()
        {
        }
    }
}
