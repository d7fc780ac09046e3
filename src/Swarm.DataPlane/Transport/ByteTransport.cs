using Swarm.Core.Contexts;

namespace Swarm.DataPlane.Transport;

/// <summary>A byte stream to a peer. One reader and one writer at a time.</summary>
internal abstract class ByteTransport : IAsyncDisposable
{
    /// <summary>Fills a buffer.</summary>
    /// <param name="destination">The buffer. Nothing is written into it any more when this returns.</param>
    /// <param name="stop">Stops in between, without losing a byte of the stream. A transport that cannot stop fills the buffer.</param>
    /// <returns>Bytes filled: fewer than the buffer holds where the peer ended the stream, or it was stopped.</returns>
    public abstract ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken stop);

    /// <summary>Writes bytes, then more bytes: a frame's head, and the payload from where it lies.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload);

    /// <summary>Whether <see cref="WriteFileAsync"/> is of use.</summary>
    public virtual bool SendsFiles => false;

    /// <summary>Writes bytes, then those of a file, which the system takes from there.</summary>
    /// <exception cref="NotSupportedException">It does not send files.</exception>
    public virtual ValueTask WriteFileAsync(ReadOnlyMemory<byte> head, KvFile file) => throw new NotSupportedException();

    /// <summary>Ends both directions at once; whatever waits here fails.</summary>
    /// <param name="reason">For the log of the transport.</param>
    public abstract void Abort(string reason);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
