using Swarm.DataPlane.Transport;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>A byte stream in memory: gives some bytes and then ends; keeps what is written.</summary>
/// <param name="received">What the peer sent.</param>
internal sealed class MemoryTransport(ReadOnlyMemory<byte> received) : ByteTransport
{
    private readonly MemoryStream _written = new();
    private ReadOnlyMemory<byte> _rest = received;

    /// <summary>Bytes that were not read.</summary>
    public int Left => _rest.Length;

    public byte[] Written => _written.ToArray();

    public override ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken stop)
    {
        if (_rest.Length < destination.Length)
        {
            return ValueTask.FromResult(_rest.Length); // The end of the stream: whatever is left is of no use.
        }

        _rest[..destination.Length].CopyTo(destination);
        _rest = _rest[destination.Length..];
        return ValueTask.FromResult(destination.Length);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload)
    {
        _written.Write(head.Span);
        _written.Write(payload.Span);
        return ValueTask.CompletedTask;
    }

    public override void Abort(string reason) => _rest = default;

    public override ValueTask DisposeAsync() => _written.DisposeAsync();
}
