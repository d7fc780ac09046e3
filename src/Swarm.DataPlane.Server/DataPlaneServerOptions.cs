using Swarm.Core.Settings;
using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Server;

/// <summary>Settings of the data plane of a silo. Configuration section <c>Swarm:DataPlane</c>.</summary>
public sealed class DataPlaneServerOptions : ISettingRules
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Swarm:DataPlane";

    /// <summary>KV bytes that all connections together may have in flight towards storage. Default 64 MiB.</summary>
    [Setting("KV that all connections together may have in flight towards the store; AttachmentIngestBytes or more.", Min = "64KiB", Max = "1TiB")]
    public long IngestBytes { get; set; } = FrameLimits.MaxPayloadBytes;

    /// <summary>KV bytes that one attachment may have in flight, unless one record is larger. Default 4 MiB.</summary>
    [Setting("KV that one session may have in flight, unless one record is larger.", Min = "64KiB", Max = "1GiB")]
    public int AttachmentIngestBytes { get; set; } = 4 << 20;

    /// <summary>Attachments of one connection: sessions and readers. An agent's process opens a further connection for more. Default 1,024.</summary>
    [Setting("Sessions of one connection.", Min = "1", Max = "1000000")]
    public int MaxAttachments { get; set; } = 1024;

    /// <summary>Unanswered requests of one session or reader, and unanswered attaches of one connection. Default 4,096.</summary>
    [Setting("Unanswered requests of one session, and unanswered attaches of one connection.", Min = "16", Max = "1000000")]
    public int MaxPendingRequests { get; set; } = 4096;

    /// <summary>
    /// Followers of all contexts at a time. Each takes the bandwidth of the KV that its context grows by, and of all its KV at first. Default 1,024.
    /// </summary>
    [Setting("Followers (hot standbys) of all contexts at a time; each takes the bandwidth of the KV that its context grows by.", Min = "0", Max = "1000000")]
    public int MaxFollowers { get; set; } = 1024;

    /// <summary>Bytes of inputs and states that one session may have in flight. Default 8 MiB.</summary>
    [Setting("Inputs and states that one session may have in flight.", Min = "1MiB", Max = "1GiB")]
    public int MaxPendingInputBytes { get; set; } = 8 << 20;

    /// <summary>Connections at a time. Default 4,096.</summary>
    [Setting("Connections at a time.", Min = "1", Max = "1000000")]
    public int MaxConnections { get; set; } = 4096;

    /// <summary>
    /// Whether agents on the silo's machine are served by a Unix domain socket, which they move to by themselves. Linux only. Default: yes.
    /// </summary>
    [Setting("Whether agents on the silo's machine are served by a Unix domain socket, about twice as fast as TCP over loopback; Linux only.")]
    public bool LocalSocket { get; set; } = true;

    /// <summary>Idle receive buffers kept for reuse, in bytes. Default 32 MiB.</summary>
    [Setting("Idle receive buffers kept for reuse.")]
    public long IdleBufferBytes { get; set; } = 32L << 20;

    /// <summary>How long a peer may take to greet. Default 10 s.</summary>
    [Setting("How long a peer may take to send its handshake after it has connected.", Min = "1ms", Max = "1h")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may stay silent; clients ping more often. Default 30 s.</summary>
    [Setting("How long a peer may stay silent; agents ping every second.", Min = "1ms", Max = "1d")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one frame may take to arrive or to be taken, or its connection ends; and granted credit to be used, or its session ends. Default 30 s.</summary>
    [Setting("How long one frame may take to arrive, or to be taken by the peer, before its connection ends; and granted credit may stay unused before its session ends.", Min = "1ms", Max = "1d")]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (IngestBytes < AttachmentIngestBytes)
        {
            yield return $"{name(nameof(IngestBytes))} is {ByteSize.Format(IngestBytes)}; {name(nameof(AttachmentIngestBytes))}, "
                + $"{ByteSize.Format(AttachmentIngestBytes)}, or more is needed: raise the first or lower the second.";
        }
    }
}
