using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Swarm.Core.Errors;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Control;

/// <summary>Keeps the process connected to one gateway that answers, and goes to another when it does not.</summary>
/// <remarks>
/// One at a time: a gateway of a silo that hangs looks open to its connection, so it is asked every now and then. The
/// gateways are those of the address, and those that the present one tells of.
/// </remarks>
internal sealed class GatewayLink : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly SwarmAddress _address;
    private readonly SwarmClientOptions _options;
    private readonly ILogger _logger;
    private IReadOnlyList<string> _told = [];
    private Connection _connection;
    private Task _watching = Task.CompletedTask;

    private GatewayLink(SwarmAddress address, SwarmClientOptions options, ILogger logger, Connection connection)
    {
        _address = address;
        _options = options;
        _logger = logger;
        _connection = connection;
    }

    private sealed record Connection(IPEndPoint Gateway, IHost Host, IClusterClient Client);

    /// <summary>The cluster, through the present gateway.</summary>
    public IGrainFactory Grains => Volatile.Read(ref _connection).Client;

    /// <summary>Gateways that the silos told of.</summary>
    public IReadOnlyList<string> Told => Volatile.Read(ref _told);

    /// <summary>Connects to any gateway of an address.</summary>
    /// <exception cref="SwarmTransportException">None answers in time; the message says what to check.</exception>
    public static async Task<GatewayLink> ConnectAsync(
        SwarmAddress address, SwarmClientOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var gateways = await address.ResolveAsync(cancellationToken).ConfigureAwait(false);
        Random.Shared.Shuffle(gateways); // Agents spread over the silos.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<Connection>> attempts = [];
        Exception? last = null;
        try
        {
            // None is given up for another one: a process that has just begun, or a busy machine, is slow with all of them.
            for (var next = 0; next < gateways.Length || attempts.Count > 0; next++)
            {
                if (next < gateways.Length)
                {
                    attempts.Add(ConnectAsync(gateways[next], options, options.ConnectTimeout, over.Token));
                }

                var wait = next + 1 < gateways.Length ? options.GatewayTimeout : Timeout.InfiniteTimeSpan;
                var pause = Task.Delay(wait, options.TimeProvider, over.Token);
                if (await Task.WhenAny([.. attempts, pause]).ConfigureAwait(false) is not Task<Connection> done)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    continue;
                }

                attempts.Remove(done);
                if (done.IsCompletedSuccessfully)
                {
                    var link = new GatewayLink(address, options, logger, await done.ConfigureAwait(false));
                    link._watching = Task.Run(link.WatchAsync, CancellationToken.None);
                    return link;
                }

                last = done.Exception?.InnerException ?? new OperationCanceledException();
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            attempts.ForEach(attempt => _ = ForgetAsync(attempt));
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new SwarmTransportException(
            $"No silo answers at {address} within {options.ConnectTimeout} ({last?.Message}). Check that it runs, "
            + $"that this is its gateway port, that its cluster id is '{options.ClusterId}' and its service id "
            + $"'{options.ServiceId}', and firewalls.",
            isTransient: true,
            last);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await DisposeAsync(_connection.Host).ConfigureAwait(false);
        _stop.Dispose();
    }

    private static async Task<Connection> ConnectAsync(
        IPEndPoint gateway, SwarmClientOptions options, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var host = new HostBuilder()
            .ConfigureServices(services => services.AddSingleton(options.LoggerFactory))
            .UseOrleansClient(client => client
                .UseStaticClustering(gateway)
                .Configure<ClusterOptions>(cluster =>
                {
                    cluster.ClusterId = options.ClusterId;
                    cluster.ServiceId = options.ServiceId;
                })
                .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = options.GatewayTimeout)
                .Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = options.AttemptTimeout))
            .Build();
        try
        {
            await host.StartAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return new Connection(gateway, host, host.Services.GetRequiredService<IClusterClient>());
        }
        catch
        {
            _ = DisposeAsync(host).AsTask(); // It may take its time, which the next gateway need not wait for.
            throw;
        }
    }

    /// <summary>Lets go of an attempt that another one made needless.</summary>
    private static async Task ForgetAsync(Task<Connection> attempt)
    {
        try
        {
            await DisposeAsync((await attempt.ConfigureAwait(false)).Host).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It never connected, and has disposed of itself.
        }
    }

    private static async ValueTask DisposeAsync(IHost host)
    {
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await host.StopAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or OrleansException)
        {
            // It never connected, or the silos are gone.
        }

        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            host.Dispose();
        }
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            await Task.Delay(_options.GatewayCheckInterval, _options.TimeProvider, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (await FindFaultAsync(_connection).ConfigureAwait(false) is { } fault && !_stop.IsCancellationRequested)
            {
                Log.GatewayLost(_logger, _connection.Gateway.ToString(), fault);
                await MoveAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<string?> FindFaultAsync(Connection connection)
    {
        try
        {
            var told = await connection.Client.GetGrain<IGatewayGrain>(0).ListAsync()
                .WaitAsync(_options.GatewayTimeout, _options.TimeProvider, _stop.Token).ConfigureAwait(false);
            Volatile.Write(ref _told, told.Count > 0 ? told : _told);
            return null;
        }
        catch (Exception exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Connects to the first other gateway that answers; to the same one again if there is no other.</summary>
    private async Task MoveAsync()
    {
        foreach (var gateway in await CandidatesAsync().ConfigureAwait(false))
        {
            try
            {
                var next = await ConnectAsync(gateway, _options, _options.GatewayTimeout, _stop.Token).ConfigureAwait(false);
                if (await FindFaultAsync(next).ConfigureAwait(false) is not null)
                {
                    _ = DisposeAsync(next.Host).AsTask();
                    continue;
                }

                var before = _connection;
                Volatile.Write(ref _connection, next);
                Log.GatewayFound(_logger, gateway.ToString());
                _ = DisposeAsync(before.Host).AsTask();
                return;
            }
            catch (Exception exception)
            {
                Log.GatewayLost(_logger, gateway.ToString(), exception.Message);
            }
        }
    }

    private async Task<List<IPEndPoint>> CandidatesAsync()
    {
        IPEndPoint[] configured = [];
        try
        {
            configured = await _address.ResolveAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SwarmTransportException or OperationCanceledException)
        {
            // Names may be unknown for a while: those that were told are addresses.
        }

        Random.Shared.Shuffle(configured);
        List<IPEndPoint> all = [.. configured.Concat(_told.Select(IPEndPoint.Parse)).Distinct()];
        if (all.Remove(_connection.Gateway))
        {
            all.Add(_connection.Gateway);
        }

        return all;
    }
}
