using Swarm;

namespace DroneHandoff.Roles;

/// <summary>How the drones reach the ground.</summary>
internal static class Ground
{
    /// <summary>Name of the tenant.</summary>
    public const string Tenant = "default";

    /// <summary>Connects to the silo of the run.</summary>
    /// <param name="address">Where it is.</param>
    /// <returns>The connection.</returns>
    public static Task<SwarmClient> ConnectAsync(string address) =>
        SwarmClient.ConnectAsync(address, new SwarmCredential(Tenant));
}
