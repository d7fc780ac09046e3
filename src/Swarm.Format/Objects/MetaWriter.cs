using System.Buffers;
using System.Text;
using MessagePack;
using Swarm.Core.Identity;

namespace Swarm.Format.Objects;

/// <summary>Writes the MessagePack part of objects: few shapes, each as short as it can be.</summary>
/// <param name="destination">Receives the bytes, once <see cref="Flush"/> is called.</param>
internal ref struct MetaWriter(IBufferWriter<byte> destination)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private MessagePackWriter _writer = new(destination);

    /// <summary>Starts an array of so many fields or items.</summary>
    public void Array(int count) => _writer.WriteArrayHeader(count);

    /// <summary>Writes a number.</summary>
    public void Number(long value) => _writer.Write(value);

    /// <summary>Writes a number.</summary>
    public void Number(ulong value) => _writer.Write(value);

    /// <summary>Writes the absence of a value.</summary>
    public void Nil() => _writer.WriteNil();

    /// <summary>Writes 16 bytes.</summary>
    public void Id(Id128 id)
    {
        Span<byte> bytes = stackalloc byte[Id128.SizeBytes];
        id.CopyTo(bytes);
        Bytes(bytes);
    }

    /// <summary>Writes 32 bytes.</summary>
    public void Context(ContextId id)
    {
        Span<byte> bytes = stackalloc byte[ContextId.SizeBytes];
        id.CopyTo(bytes);
        Bytes(bytes);
    }

    /// <summary>Writes 32 bytes.</summary>
    public void Digest(Digest256 digest)
    {
        Span<byte> bytes = stackalloc byte[Digest256.SizeBytes];
        digest.CopyTo(bytes);
        Bytes(bytes);
    }

    /// <summary>Writes bytes with their length.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        BytesHeader(bytes.Length);
        Raw(bytes);
    }

    /// <summary>Starts bytes of a known length; write them by <see cref="Raw"/>.</summary>
    public void BytesHeader(int length) => _writer.WriteBinHeader(length);

    /// <summary>Writes bytes without their length.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_writer.GetSpan(bytes.Length));
        _writer.Advance(bytes.Length);
    }

    /// <summary>Writes a text as UTF-8.</summary>
    /// <exception cref="ArgumentException">It has half a surrogate pair.</exception>
    public void Text(string text) => _writer.WriteString(StrictUtf8.GetBytes(text));

    /// <summary>Hands what was written to the destination.</summary>
    public void Flush() => _writer.Flush();
}
