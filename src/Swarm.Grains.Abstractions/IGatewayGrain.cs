
namespace Swarm.Grains.Abstractions;

/// <summary>Answered by the silo that a client is connected to: whether it is there, and which gateways there are.</summary>
/// <remarks>Key: 0. Whoever reaches the gateway may ask.</remarks>
[Alias("swarm.gateway.v1")]
public interface IGatewayGrain : IGrainWithIntegerKey
{
    /// <summary>The gateways of all active silos, as known lately. Does not wait for anything.</summary>
    /// <returns>Addresses, <c>host:port</c>; none while they are not known yet.</returns>
    [Alias("list")]
    Task<IReadOnlyList<string>> ListAsync();

    /// <summary>Whether the silo knows the tenant of the call's credential by its token.</summary>
    /// <returns><see langword="null"/> if so; else the refusal that any call with it would meet.</returns>
    [Alias("authenticate")]
    Task<Refusal?> AuthenticateAsync();
}
