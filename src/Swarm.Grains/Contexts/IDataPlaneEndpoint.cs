namespace Swarm.Grains.Contexts;

/// <summary>The port that says where this silo's data plane is reached.</summary>
public interface IDataPlaneEndpoint
{
    /// <summary>The advertised address. Waits while the listener is still starting.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The address, <c>host:port</c>.</returns>
    ValueTask<string> GetAddressAsync(CancellationToken cancellationToken);
}
