namespace Swarm.DataPlane.Transport;

/// <summary>A byte stream to a peer. One reader and one writer at a time.</summary>
internal abstract class ByteTransport : IAsyncDisposable
{
    /// <summary>Fills a buffer.</summary>
    /// <returns><see langword="false"/> if the peer ended the stream before the first byte.</returns>
    /// <exception cref="EndOfStreamException">The peer ended it later.</exception>
    public abstract ValueTask<bool> ReadAsync(Memory<byte> destination);

    /// <summary>Writes bytes, then more bytes: a frame's head, and the payload from where it lies.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload);

    /// <summary>Ends both directions at once; whatever waits here fails.</summary>
    /// <param name="reason">For the log of the transport.</param>
    public abstract void Abort(string reason);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
