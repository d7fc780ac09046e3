using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Networking.Shared;
using Swarm.Core.Settings;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Control;

/// <summary>A connection to one gateway.</summary>
internal sealed class GatewayConnection : IAsyncDisposable
{
    /// <summary>A silo that is being started again is there soon, or not.</summary>
    private const int MaxRefusedAttempts = 3;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    private readonly IHost _host;

    private GatewayConnection(IPEndPoint gateway, IHost host)
    {
        Gateway = gateway;
        _host = host;
        Client = host.Services.GetRequiredService<IClusterClient>();
    }

    /// <summary>Where it is.</summary>
    public IPEndPoint Gateway { get; }

    /// <summary>The cluster through it.</summary>
    public IClusterClient Client { get; }

    /// <summary>Connects, and has the gateway check a credential, if one is given.</summary>
    /// <exception cref="SwarmRefusedException">It refuses the credential.</exception>
    /// <exception cref="SwarmTransportException">It refuses connections, or does not answer in time. The message says what became of each attempt.</exception>
    public static async Task<GatewayConnection> OpenAsync(
        IPEndPoint gateway, SwarmCredential? credential, SwarmClientOptions options, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var failures = new ConnectFailures(options.TimeProvider);
        var host = Build(gateway, options, failures);
        try
        {
            await host.StartAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            var connection = new GatewayConnection(gateway, host);
            if (credential is not null)
            {
                await connection.AuthenticateAsync(credential, either.Token).ConfigureAwait(false);
            }

            return connection;
        }
        catch (Exception exception)
        {
            _ = DisposeAsync(host).AsTask(); // It may take its time, which the next gateway need not wait for.
            cancellationToken.ThrowIfCancellationRequested();
            throw exception is SwarmRefusedException ? exception : failures.Describe(gateway, timeout, limit.IsCancellationRequested, exception);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DisposeAsync(_host);

    private static IHost Build(IPEndPoint gateway, SwarmClientOptions options, ConnectFailures failures) => new HostBuilder()
        .ConfigureServices(services => services
            .AddSingleton(options.LoggerFactory)
            .AddSingleton<IHostLifetime, NoHostLifetime>())
        .UseOrleansClient(client => client
            .UseStaticClustering(gateway)
            .AddActivityPropagation()
            .UseConnectionRetryFilter(async (exception, token) =>
            {
                failures.Add(exception);
                await Task.Delay(_pause, options.TimeProvider, token).ConfigureAwait(false);
                return failures.Refused < MaxRefusedAttempts;
            })
            .Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId;
            })
            .Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = options.GatewayTimeout)
            .Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = options.AttemptTimeout * (1 << SwarmClientOptions.AttemptTimeoutDoublings)))
        .Build();

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

    private async Task AuthenticateAsync(SwarmCredential credential, CancellationToken cancellationToken)
    {
        new CallCredential(credential.Tenant, credential.Token).Attach();
        var refusal = await Client.GetGrain<IGatewayGrain>(0).AuthenticateAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (refusal is not null)
        {
            throw refusal.ToException();
        }
    }

    /// <summary>What became of the attempts to reach one gateway.</summary>
    private sealed class ConnectFailures(TimeProvider timeProvider)
    {
        private readonly long _started = timeProvider.GetTimestamp();
        private Exception? _last;

        /// <summary>Attempts that were refused at once, by the gateway's machine or on the way to it.</summary>
        public int Refused { get; private set; }

        public void Add(Exception exception)
        {
            var cause = exception.GetBaseException();
            Refused += cause is SocketConnectionException ? 1 : 0;
            _last = cause is SocketConnectionException ? cause : _last ?? cause; // Between attempts Orleans says how long it pauses.
        }

        public SwarmTransportException Describe(IPEndPoint gateway, TimeSpan timeout, bool isOver, Exception exception)
        {
            var last = _last ?? exception;
            var took = timeProvider.GetElapsedTime(_started).TotalSeconds;
            var what = Refused > 0
                ? string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{gateway} refused {Refused} attempts to connect within {took:0.0} s (last error: {last.Message})")
                : isOver && _last is null
                    ? $"{gateway} did not complete the gateway handshake within {Duration.Format(timeout)}"
                    : $"{gateway} did not complete the gateway handshake within {Duration.Format(timeout)} (last error: {last.Message})";
            return new SwarmTransportException(what, isTransient: true, last);
        }
    }
}
