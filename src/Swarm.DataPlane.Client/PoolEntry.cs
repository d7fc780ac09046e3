namespace Swarm.DataPlane.Client;

/// <summary>One connection of a <see cref="DataPlanePool"/>, or an attempt to make one. All state is guarded by the pool's lock.</summary>
/// <param name="endpoint">Where the silo is, as it was asked for.</param>
internal sealed class PoolEntry(DataPlaneEndpoint endpoint)
{
    /// <summary>Where the silo is, as it was asked for.</summary>
    public DataPlaneEndpoint Endpoint { get; } = endpoint;

    /// <summary>Ends with the attempt to connect.</summary>
    public TaskCompletionSource<DataPlaneClient> Connecting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The connection; <see langword="null"/> until there is one.</summary>
    public DataPlaneClient? Client { get; set; }

    /// <summary>Those who wait for the connection.</summary>
    public int Waiting { get; set; }

    /// <summary>Attachments that were promised.</summary>
    public int Rented { get; set; }

    /// <summary>Whether nobody else gets it.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Closes the connection when nobody has used it for a while.</summary>
    public ITimer? Idle { get; set; }

    /// <summary>Those who use the connection, or will.</summary>
    public int Load => Waiting + Rented;

    /// <summary>Whether the silo takes one more attachment. Nobody knows before it has said how many it takes: then as many may wait as want to.</summary>
    public bool HasRoom => Client is null || Rented + Client.AbandonedAttaches < Math.Max(1, Client.Limits.MaxAttachments);
}
