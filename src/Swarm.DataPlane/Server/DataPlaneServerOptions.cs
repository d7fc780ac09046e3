using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Server;

/// <summary>Settings of the data plane of a silo.</summary>
public sealed class DataPlaneServerOptions
{
    /// <summary>KV bytes that all connections together may have in flight towards storage. Default 64 MiB.</summary>
    public long IngestBytes { get; set; } = FrameLimits.MaxPayloadBytes;

    /// <summary>KV bytes that one attachment may have in flight, unless one record is larger. Default 4 MiB.</summary>
    public int AttachmentIngestBytes { get; set; } = 4 << 20;

    /// <summary>Attachments of one connection. Default 1,024.</summary>
    public int MaxAttachments { get; set; } = 1024;

    /// <summary>Unanswered requests of one connection. Default 4,096.</summary>
    public int MaxPendingRequests { get; set; } = 4096;

    /// <summary>Bytes of inputs and states that one connection may have in flight. Default 8 MiB.</summary>
    public int MaxPendingInputBytes { get; set; } = 8 << 20;

    /// <summary>Connections at a time. Default 4,096.</summary>
    public int MaxConnections { get; set; } = 4096;

    /// <summary>Idle receive buffers kept for reuse, in bytes. Default 32 MiB.</summary>
    public long IdleBufferBytes { get; set; } = 32L << 20;

    /// <summary>How long a peer may take to greet. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may stay silent; clients ping more often. Default 30 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one frame may take to arrive or to be taken, and granted credit to be used. Default 30 s.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every setting.</summary>
    /// <returns>One line for each fault; none when all is well.</returns>
    public IReadOnlyList<string> FindFaults()
    {
        List<string> faults = [];
        Check(
            IngestBytes >= AttachmentIngestBytes && IngestBytes <= 1L << 40,
            $"{nameof(IngestBytes)} {IngestBytes} is not in [{nameof(AttachmentIngestBytes)} {AttachmentIngestBytes}, 2^40].");
        Check(AttachmentIngestBytes >= 1 << 16, $"{nameof(AttachmentIngestBytes)} {AttachmentIngestBytes} is under 65,536.");
        Check(MaxAttachments >= 1, $"{nameof(MaxAttachments)} {MaxAttachments} is not positive.");
        Check(MaxPendingRequests >= 16, $"{nameof(MaxPendingRequests)} {MaxPendingRequests} is under 16.");
        Check(
            MaxPendingInputBytes >= FrameLimits.MaxControlBytes,
            $"{nameof(MaxPendingInputBytes)} {MaxPendingInputBytes} is under {FrameLimits.MaxControlBytes}.");
        Check(MaxConnections >= 1, $"{nameof(MaxConnections)} {MaxConnections} is not positive.");
        Check(IdleBufferBytes >= 0, $"{nameof(IdleBufferBytes)} {IdleBufferBytes} is negative.");
        Check(HandshakeTimeout > TimeSpan.Zero, $"{nameof(HandshakeTimeout)} {HandshakeTimeout} is not positive.");
        Check(IdleTimeout > TimeSpan.Zero, $"{nameof(IdleTimeout)} {IdleTimeout} is not positive.");
        Check(StallTimeout > TimeSpan.Zero, $"{nameof(StallTimeout)} {StallTimeout} is not positive.");
        return faults;

        void Check(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }
    }
}
