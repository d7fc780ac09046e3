using Swarm.Core.Settings;

namespace Swarm.DataPlane.Client;

/// <summary>Settings of a data-plane connection, client side.</summary>
public sealed class DataPlaneClientOptions : ISettingRules
{
    /// <summary>How long connecting and the greeting may take. Default 5 s.</summary>
    [Setting("How long connecting and the greeting may take.", Min = "1ms", Max = "1h")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this long without a frame sent, or received, a ping is sent. Default 1 s.</summary>
    [Setting("Time without a frame sent, or received, after which a ping is sent.", Min = "1ms", Max = "1h")]
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After this long without a frame, or 256 KiB of a large one, received, the connection counts as dead. Default 15 s.</summary>
    [Setting("Time without a frame received after which the connection counts as lost.", Min = "2ms", Max = "1d")]
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of KV that the server may send ahead of their use, per read. Default 32 MiB: several of the largest records, so that the next is on its way while one is taken in.</summary>
    [Setting("Bytes of KV that the server may send ahead of their use, per read.", Min = "64KiB")]
    public int ReadWindowBytes { get; set; } = 32 << 20;

    /// <summary>Idle receive buffers kept for reuse, in bytes. Default 64 MiB.</summary>
    [Setting("Idle receive buffers kept for reuse.")]
    public long IdleBufferBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Where to connect instead of the address that a silo advertises, as behind a tunnel or an address translation.
    /// Default: there.
    /// </summary>
    public Func<DataPlaneEndpoint, DataPlaneEndpoint> MapEndpoint { get; set; } = static endpoint => endpoint;

    /// <inheritdoc/>
    IEnumerable<string> ISettingRules.FindFaults(Func<string, string> name)
    {
        if (SilenceTimeout <= PingInterval)
        {
            yield return $"{name(nameof(SilenceTimeout))} is {Duration.Format(SilenceTimeout)}; more than {name(nameof(PingInterval))}, "
                + $"{Duration.Format(PingInterval)}, is needed: raise it, or lower the other.";
        }
    }
}
