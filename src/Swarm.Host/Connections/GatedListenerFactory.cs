using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Swarm.Host.Connections;

/// <summary>Makes listeners that take no more connections than the port's gate has places for.</summary>
/// <param name="inner">Makes the listeners.</param>
/// <param name="gates">The gates.</param>
internal sealed class GatedListenerFactory(IConnectionListenerFactory inner, ConnectionGates gates) : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new GatedListener(await inner.BindAsync(endpoint, cancellationToken), gates.Of(endpoint));
}
