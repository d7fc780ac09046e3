using Microsoft.Extensions.Logging;
using Swarm.Client.Control;

namespace Swarm;

/// <summary>A connection to the silos, made once per agent process.</summary>
/// <remarks>Whichever silo is lost, it finds another one: those of the address, and those that they tell of.</remarks>
public sealed class SwarmClient : ISwarmClient
{
    private readonly GatewayLink? _link;
    private readonly ControlPlane _control;
    private readonly SwarmClientOptions _options;
    private readonly ILogger _logger;
    private int _isDisposed;

    private SwarmClient(
        GatewayLink? link, Func<IGrainFactory> grains, SwarmCredential credential, SwarmClientOptions options)
    {
        NameArguments.Check(Names.RequireTenant, credential.Tenant, nameof(credential));
        _link = link;
        _options = options;
        _control = new ControlPlane(grains, credential, options);
        _logger = options.LoggerFactory.CreateLogger<SwarmClient>();
    }

    /// <summary>Gateways that the silos told of, <c>host:port</c>; none before the first look, a second after connecting.</summary>
    public IReadOnlyList<string> Gateways => _link?.DiscoveredGateways ?? [];

    /// <summary>Why the gateway in use does not answer; <see langword="null"/> while it does.</summary>
    internal string? GatewayFault => _link?.Fault;

    /// <summary>Connects.</summary>
    /// <param name="address"><c>swarm://host:port</c>, or several gateways: <c>swarm://a:1,b:2</c>.</param>
    /// <param name="credential">Tenant and token.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults. Address, Tenant and Token are ignored by this overload.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ArgumentException">The address, the tenant's name or a setting is malformed.</exception>
    /// <exception cref="SwarmRefusedException">A gateway refused the credential.</exception>
    /// <exception cref="SwarmTransportException">
    /// No gateway answers. A connection that is refused is tried three times within some 2 s; a gateway that says nothing has
    /// <see cref="SwarmClientOptions.ConnectTimeout"/>. The message tells for each what became of it, and what to check.
    /// </exception>
    public static async Task<SwarmClient> ConnectAsync(
        string address,
        SwarmCredential credential,
        SwarmClientOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(credential);
        options ??= new SwarmClientOptions();
        options.Validate();
        NameArguments.Check(Names.RequireTenant, credential.Tenant, nameof(credential));
        var link = await GatewayLink.ConnectAsync(
            SwarmAddress.Parse(address), credential, options, options.LoggerFactory.CreateLogger<SwarmClient>(), cancellationToken)
            .ConfigureAwait(false);
        return new SwarmClient(link, () => link.Grains, credential, options);
    }

    /// <summary>Connects as settings say.</summary>
    /// <param name="options">Settings: <see cref="SwarmClientOptions.Address"/>, <see cref="SwarmClientOptions.Tenant"/> and <see cref="SwarmClientOptions.Token"/> among them.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    /// <returns>The client.</returns>
    /// <inheritdoc cref="ConnectAsync(string, SwarmCredential, SwarmClientOptions?, CancellationToken)" path="/exception"/>
    public static Task<SwarmClient> ConnectAsync(SwarmClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConnectAsync(options.Address, new SwarmCredential(options.Tenant, options.Token), options, cancellationToken);
    }

    /// <summary>Uses a cluster that this process is connected to already, as in a silo or a worker beside one.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="credential">Tenant and token.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <returns>The client; disposing it leaves the cluster as it is. Nothing is sent yet: the credential is checked by the first call.</returns>
    /// <exception cref="ArgumentException">The tenant's name or a setting is malformed.</exception>
    public static SwarmClient FromCluster(
        IGrainFactory grains, SwarmCredential credential, SwarmClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(credential);
        options ??= new SwarmClientOptions();
        options.Validate();
        return new SwarmClient(null, () => grains, credential, options);
    }

    /// <summary>One agent.</summary>
    /// <param name="name">Agent name, see <see cref="Names.RequireAgent"/>.</param>
    /// <returns>The agent.</returns>
    /// <exception cref="ArgumentException">The name is not allowed.</exception>
    public SwarmAgent Agent(string name) => new(name, _control, _options);

    /// <summary>The agents of the tenant that have joined the fleet, as far as it knows now.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Them, in the order of their names.</returns>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<IReadOnlyList<FleetAgent>> GetFleetAsync(CancellationToken cancellationToken = default) => _control.GetFleetAsync(cancellationToken);

    /// <summary>The durable state of a context.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The state.</returns>
    /// <exception cref="SwarmRefusedException">The context does not exist, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<ContextInfo> GetStatusAsync(string context, CancellationToken cancellationToken = default) =>
        _control.GetStatusAsync(context, cancellationToken);

    /// <summary>Makes a context that begins with the first positions of another one, which it shares: no KV is copied.</summary>
    /// <param name="parent">The context to share positions with; whoever holds it is not disturbed.</param>
    /// <param name="name">Name of the new context. Nobody holds it: open it as any other.</param>
    /// <param name="position">
    /// Positions to share, 0 to what is durable; <see langword="null"/> for all that is. KV of a step that it would cut is left out,
    /// and computed again by whoever opens the new context.
    /// </param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect. Repeating it is harmless.</param>
    /// <returns>Whether this call made the fork, and at which position.</returns>
    /// <exception cref="SwarmRefusedException">There is no such parent, it is shorter, or the name is in use otherwise.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<Forked> ForkAsync(
        string parent, string name, long? position = null, CancellationToken cancellationToken = default) =>
        _control.ForkAsync(parent, name, position, cancellationToken);

    /// <summary>Forgets a context for good: its inputs, KV and states. Whoever holds it is fenced.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="cancellationToken">Stops waiting; the erasure may still take effect.</param>
    /// <returns>Whether this call erased it; <see langword="false"/> when there was none.</returns>
    /// <remarks>
    /// Objects go from the store with the next collections, but for those that other contexts refer to, as forks of it do.
    /// </remarks>
    /// <exception cref="SwarmRefusedException">It changed hands meanwhile, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public Task<bool> EraseAsync(string context, CancellationToken cancellationToken = default) =>
        _control.EraseAsync(context, cancellationToken);

    /// <summary>Opens a context for reading only: no session, no epoch, nobody is disturbed.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The reader.</returns>
    /// <exception cref="SwarmRefusedException">The context does not exist, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<ContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default) =>
        ContextReader.OpenAsync(_control, context, _options, _logger, cancellationToken);

    ISwarmAgent ISwarmClient.Agent(string name) => Agent(name);

    async Task<IContextReader> ISwarmClient.OpenReaderAsync(string context, CancellationToken cancellationToken) =>
        await OpenReaderAsync(context, cancellationToken).ConfigureAwait(false);

    /// <summary>Disconnects. Calls from then on throw an <see cref="ObjectDisposedException"/>. Harmless if repeated.</summary>
    /// <returns>A task that ends when every connection is closed that no session or reader uses.</returns>
    /// <remarks>
    /// Sessions and readers that are open keep their connections, and go on until they are disposed; one whose connection is lost
    /// cannot connect again. So dispose them first.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _control.Close(typeof(SwarmClient));
        await _control.Connections.DisposeAsync().ConfigureAwait(false);
        if (_link is not null)
        {
            await _link.DisposeAsync().ConfigureAwait(false);
        }
    }
}
