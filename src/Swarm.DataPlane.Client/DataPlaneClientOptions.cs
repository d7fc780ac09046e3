namespace Swarm.DataPlane.Client;

/// <summary>Settings of a data-plane connection, client side.</summary>
public sealed class DataPlaneClientOptions
{
    /// <summary>How long connecting and the greeting may take. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>After this long without a frame sent, or received, a ping is sent. Default 1 s.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After this long without a frame, or 256 KiB of a large one, received, the connection counts as dead. Default 15 s.</summary>
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes of KV that the server may send ahead of their use, per read. Default 32 MiB: several of the largest records, so that the next is on its way while one is taken in.</summary>
    public int ReadWindowBytes { get; set; } = 32 << 20;

    /// <summary>Idle receive buffers kept for reuse, in bytes. Default 64 MiB.</summary>
    public long IdleBufferBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Where to connect instead of the address that a silo advertises, as behind a tunnel or an address translation.
    /// Default: there.
    /// </summary>
    public Func<DataPlaneEndpoint, DataPlaneEndpoint> MapEndpoint { get; set; } = static endpoint => endpoint;

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">Settings are out of range; the message names all of them.</exception>
    public void Validate()
    {
        List<string> faults = [];
        if (ConnectTimeout <= TimeSpan.Zero)
        {
            faults.Add($"{nameof(ConnectTimeout)} {ConnectTimeout} is not positive.");
        }

        if (PingInterval <= TimeSpan.Zero || SilenceTimeout <= PingInterval)
        {
            faults.Add(
                $"{nameof(PingInterval)} {PingInterval} must be positive and less than "
                + $"{nameof(SilenceTimeout)} {SilenceTimeout}.");
        }

        if (ReadWindowBytes < 1 << 16)
        {
            faults.Add($"{nameof(ReadWindowBytes)} {ReadWindowBytes} is less than 65,536.");
        }

        if (IdleBufferBytes < 0)
        {
            faults.Add($"{nameof(IdleBufferBytes)} {IdleBufferBytes} is negative.");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults));
        }
    }
}
