using Swarm.Core.Settings;

namespace Swarm.DataPlane.Client;

/// <summary>Settings of a <see cref="DataPlanePool"/>.</summary>
public sealed class DataPlanePoolOptions
{
    /// <summary>Connections to one silo that are opened before one is shared. 1 to 64; default 1.</summary>
    [Setting("Connections to one silo that are opened before one is shared.", Min = "1", Max = "64")]
    public int ConnectionsPerSilo { get; set; } = 1;

    /// <summary>How long a connection that nobody uses stays open for the next one. From 0, which closes it at once, to 1 d; default 30 s.</summary>
    [Setting("How long a connection that nobody uses stays open.", Max = "1d")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
