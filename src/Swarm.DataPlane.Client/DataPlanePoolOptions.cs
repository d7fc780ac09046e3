namespace Swarm.DataPlane.Client;

/// <summary>Settings of a <see cref="DataPlanePool"/>.</summary>
public sealed class DataPlanePoolOptions
{
    /// <summary>Connections to one silo that are opened before one is shared. Default 1; at least 1.</summary>
    public int ConnectionsPerSilo { get; set; } = 1;

    /// <summary>How long a connection that nobody uses stays open for the next one. Default 30 s; from 0, which closes it at once, to 1 day.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public void Validate()
    {
        List<string> faults = [];
        if (ConnectionsPerSilo < 1)
        {
            faults.Add($"{nameof(ConnectionsPerSilo)} is {ConnectionsPerSilo}; 1 or more is needed.");
        }

        if (IdleTimeout < TimeSpan.Zero || IdleTimeout > TimeSpan.FromDays(1))
        {
            faults.Add($"{nameof(IdleTimeout)} is {IdleTimeout}; 0 to 1 day is needed.");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }
    }
}
