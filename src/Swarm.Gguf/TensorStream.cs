namespace Swarm.Gguf;

/// <summary>What a tensor's callback writes to: takes exactly the tensor's bytes, and can neither be sought nor closed.</summary>
internal sealed class TensorStream(Stream inner, GgufTensor tensor) : Stream
{
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    /// <summary>Checks that all was written.</summary>
    public void RequireWhole()
    {
        if (_written != tensor.ByteLength)
        {
            throw Wrong(_written);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > tensor.ByteLength - _written)
        {
            throw Wrong(_written + buffer.Length);
        }

        inner.Write(buffer);
        _written += buffer.Length;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private InvalidOperationException Wrong(long bytes) =>
        new($"The callback of tensor {tensor} wrote {bytes} bytes; it must write {tensor.ByteLength}.");
}
