using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Swarm.Client.Control;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.DataPlane.Client;
using Swarm.Grains.Abstractions;

namespace Swarm.Client;

/// <summary>A connection to the silos, made once per agent process.</summary>
public sealed class SwarmClient : IAsyncDisposable
{
    private readonly IHost? _host;
    private readonly ControlPlane _control;
    private readonly SwarmClientOptions _options;
    private readonly ILogger _logger;

    private SwarmClient(IHost? host, IGrainFactory grains, SwarmCredential credential, SwarmClientOptions options)
    {
        Names.RequireTenant(credential.Tenant);
        _host = host;
        _options = options;
        _control = new ControlPlane(grains, credential, options);
        _logger = options.LoggerFactory.CreateLogger<SwarmClient>();
    }

    /// <summary>Connects.</summary>
    /// <param name="address"><c>swarm://host:port</c>, or several gateways: <c>swarm://a:1,b:2</c>.</param>
    /// <param name="credential">Tenant and token.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ArgumentException">The address, the tenant's name or a setting is malformed.</exception>
    /// <exception cref="SwarmTransportException">No gateway answers; the message says what to check.</exception>
    public static async Task<SwarmClient> ConnectAsync(
        string address,
        SwarmCredential credential,
        SwarmClientOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(credential);
        options ??= new SwarmClientOptions();
        options.Validate();
        Names.RequireTenant(credential.Tenant);
        var parsed = SwarmAddress.Parse(address);
        var gateways = await parsed.ResolveAsync(cancellationToken).ConfigureAwait(false);
        var host = BuildHost(gateways, options);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await host.StartAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return new SwarmClient(host, host.Services.GetRequiredService<IClusterClient>(), credential, options);
        }
        catch (Exception exception) when (exception is not ArgumentException)
        {
            await DisposeAsync(host).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new SwarmTransportException(
                $"No silo answers at {parsed} within {options.ConnectTimeout} ({exception.Message}). Check that it runs, "
                + $"that this is its gateway port, that its cluster id is '{options.ClusterId}' and its service id "
                + $"'{options.ServiceId}', and firewalls.",
                isTransient: true,
                exception);
        }
    }

    /// <summary>Uses a cluster that this process is connected to already, as in a silo or a worker beside one.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="credential">Tenant and token.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The client; disposing it leaves the cluster as it is.</returns>
    /// <exception cref="ArgumentException">The tenant's name or a setting is malformed.</exception>
    public static SwarmClient FromCluster(
        IGrainFactory grains, SwarmCredential credential, SwarmClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(credential);
        options ??= new SwarmClientOptions();
        options.Validate();
        return new SwarmClient(null, grains, credential, options);
    }

    /// <summary>One agent.</summary>
    /// <param name="name">Agent name, see <see cref="Names.RequireAgent"/>.</param>
    /// <returns>The agent.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public SwarmAgent Agent(string name) => new(name, _control, _options);

    /// <summary>The durable state of a context.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The state.</returns>
    /// <exception cref="SwarmRefusedException">There is no such context, among others.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<StatusAnswer> GetStatusAsync(string context, CancellationToken cancellationToken = default) =>
        _control.GetStatusAsync(context, cancellationToken);

    /// <summary>Opens a context for reading only: no session, no epoch, nobody is disturbed.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The reader.</returns>
    /// <exception cref="SwarmRefusedException">There is no such context, among others.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public async Task<ContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default)
    {
        var endpoint = await _control.LocateAsync(context, cancellationToken).ConfigureAwait(false);
        var client = await DataPlaneClient.ConnectAsync(
            DataPlaneEndpoint.Parse(endpoint),
            _control.Credential.Tenant,
            _control.Credential.Token,
            _options.DataPlane,
            _options.TimeProvider,
            _logger,
            cancellationToken).ConfigureAwait(false);
        try
        {
            var attachment = await client.AttachReaderAsync(context, new NoObserver(), cancellationToken)
                .ConfigureAwait(false);
            return new ContextReader(context, client, attachment, _options.TimeProvider, _logger);
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await DisposeAsync(_host).ConfigureAwait(false);
        }
    }

    private static IHost BuildHost(System.Net.IPEndPoint[] gateways, SwarmClientOptions options) =>
        new HostBuilder()
            .ConfigureServices(services => services.AddSingleton(options.LoggerFactory))
            .UseOrleansClient(client => client
                .UseStaticClustering(gateways)
                .Configure<ClusterOptions>(cluster =>
                {
                    cluster.ClusterId = options.ClusterId;
                    cluster.ServiceId = options.ServiceId;
                })
                .Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = options.ControlTimeout))
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
}
