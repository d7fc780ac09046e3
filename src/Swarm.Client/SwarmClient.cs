using Swarm.Core.Contexts;

namespace Swarm.Client;

/// <summary>A connection to the silos, made once per agent process.</summary>
public sealed class SwarmClient : IAsyncDisposable
{
    /// <summary>Connects.</summary>
    /// <param name="address"><c>swarm://host:port</c>, or several gateways: <c>swarm://a:1,b:2</c>.</param>
    /// <param name="credential">Tenant and token.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops connecting.</param>
    public static Task<SwarmClient> ConnectAsync(
        string address,
        SwarmCredential credential,
        SwarmClientOptions? options = null,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>One agent.</summary>
    public SwarmAgent Agent(string name) => throw new NotImplementedException();

    /// <summary>The durable state of a context.</summary>
    public Task<ContextStatus> GetStatusAsync(string context, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Opens a context for reading only: no session, no epoch, nobody is disturbed.</summary>
    public Task<ContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
