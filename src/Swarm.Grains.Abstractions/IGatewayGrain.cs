namespace Swarm.Grains.Abstractions;

/// <summary>Answered by the silo that a client is connected to: whether it is there, and which gateways there are.</summary>
/// <remarks>Key: 0. Needs no credential.</remarks>
[Alias("swarm.gateway.v1")]
public interface IGatewayGrain : IGrainWithIntegerKey
{
    /// <summary>The gateways of all active silos, as known lately. Does not wait for anything.</summary>
    /// <returns>Addresses, <c>host:port</c>; none while they are not known yet.</returns>
    [Alias("list")]
    Task<IReadOnlyList<string>> ListAsync();
}
