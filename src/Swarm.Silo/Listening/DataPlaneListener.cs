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
    private readonly List<(IConnectionListener Listener, Task Accepting)> _listeners = [];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var factory = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        var listener = await factory.BindAsync(settings.DataPlaneEndpoint, cancellationToken);
        _listeners.Add((listener, AcceptAsync(listener)));
        if (handler.LocalEndpoint is { } local)
        {
            var nearer = await factory.BindAsync(local, cancellationToken);
            _listeners.Add((nearer, AcceptAsync(nearer)));
        }

        address.Set(settings.AdvertisedDataPlane ?? listener.EndPoint.ToString()!);
        SiloLog.Listening(_logger, listener.EndPoint);
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var (listener, accepting) in _listeners)
        {
            await listener.UnbindAsync(cancellationToken);
            await accepting;
        }

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
        foreach (var (listener, _) in _listeners)
        {
            await listener.DisposeAsync();
        }

        _listeners.Clear();

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
