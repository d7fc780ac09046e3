using System.Net;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Orleans.Networking.Shared;
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
    private IReadOnlyList<string> _discovered = [];
    private string? _fault;
    private GatewayConnection _connection;
    private Task _watching = Task.CompletedTask;

    private GatewayLink(SwarmAddress address, SwarmClientOptions options, ILogger logger, GatewayConnection connection)
    {
        _address = address;
        _options = options;
        _logger = logger;
        _connection = connection;
    }

    /// <summary>The cluster, through the present gateway.</summary>
    public IGrainFactory Grains => Volatile.Read(ref _connection).Client;

    /// <summary>Gateways that the silos told of.</summary>
    public IReadOnlyList<string> DiscoveredGateways => Volatile.Read(ref _discovered);

    /// <summary>Why the present gateway did not answer last, and no other one has been found; <see langword="null"/> while one answers.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>Connects to any gateway of an address.</summary>
    /// <exception cref="SwarmRefusedException">A gateway refuses the credential.</exception>
    /// <exception cref="SwarmTransportException">None answers in time; the message says what to check.</exception>
    public static async Task<GatewayLink> ConnectAsync(
        SwarmAddress address, SwarmCredential credential, SwarmClientOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var gateways = await address.ResolveAsync(cancellationToken).ConfigureAwait(false);
        Random.Shared.Shuffle(gateways); // Agents spread over the silos.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task<GatewayConnection>> attempts = [];
        List<Exception> failures = [];
        try
        {
            // None is given up for another one: a process that has just begun, or a busy machine, is slow with all of them.
            for (var next = 0; next < gateways.Length || attempts.Count > 0; next++)
            {
                if (next < gateways.Length)
                {
                    attempts.Add(GatewayConnection.OpenAsync(gateways[next], credential, options, options.ConnectTimeout, over.Token));
                }

                var wait = next + 1 < gateways.Length ? options.GatewayTimeout : Timeout.InfiniteTimeSpan;
                var pause = Task.Delay(wait, options.TimeProvider, over.Token);
                if (await Task.WhenAny([.. attempts, pause]).ConfigureAwait(false) is not Task<GatewayConnection> done)
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

                cancellationToken.ThrowIfCancellationRequested();
                var failure = done.Exception!.InnerException!;
                if (failure is SwarmRefusedException)
                {
                    ExceptionDispatchInfo.Throw(failure); // The others have the same tenants.
                }

                failures.Add(failure);
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            attempts.ForEach(attempt => _ = ForgetAsync(attempt));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var isRefused = failures.TrueForAll(failure => failure.InnerException is SocketConnectionException); // By no silo, then.
        throw new SwarmTransportException(
            $"No silo answers at {address}: {string.Join("; ", failures.Select(failure => failure.Message))}. Check that it runs, "
            + "that this is its gateway port, "
            + (isRefused ? "" : $"that its cluster id is '{options.ClusterId}' and its service id '{options.ServiceId}', ")
            + "and firewalls.",
            isTransient: true,
            failures[^1]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Lets go of an attempt that another one made needless.</summary>
    private static async Task ForgetAsync(Task<GatewayConnection> attempt)
    {
        try
        {
            await (await attempt.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It never connected, and has disposed of itself.
        }
    }

    private async Task WatchAsync()
    {
        ClientTrace.Leave();
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
                Volatile.Write(ref _fault, $"Gateway {_connection.Gateway} does not answer: {fault}");
                ClientLog.GatewayLost(_logger, _connection.Gateway.ToString(), fault);
                await MoveAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task<string?> FindFaultAsync(GatewayConnection connection)
    {
        try
        {
            var told = await connection.Client.GetGrain<IGatewayGrain>(0).ListAsync()
                .WaitAsync(_options.GatewayTimeout, _options.TimeProvider, _stop.Token).ConfigureAwait(false);
            Volatile.Write(ref _discovered, told.Count > 0 ? told : _discovered);
            Volatile.Write(ref _fault, null);
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
                var next = await GatewayConnection.OpenAsync(gateway, null, _options, _options.GatewayTimeout, _stop.Token)
                    .ConfigureAwait(false);
                if (await FindFaultAsync(next).ConfigureAwait(false) is not null)
                {
                    _ = next.DisposeAsync().AsTask();
                    continue;
                }

                var before = _connection;
                Volatile.Write(ref _connection, next);
                ClientLog.GatewayFound(_logger, gateway.ToString());
                _ = before.DisposeAsync().AsTask();
                return;
            }
            catch (Exception exception)
            {
                ClientLog.GatewayLost(_logger, gateway.ToString(), exception.Message);
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
        List<IPEndPoint> all = [.. configured.Concat(_discovered.Select(IPEndPoint.Parse)).Distinct()];
        if (all.Remove(_connection.Gateway))
        {
            all.Add(_connection.Gateway);
        }

        return all;
    }
}
