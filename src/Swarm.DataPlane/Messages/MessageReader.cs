using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Swarm.Core.Identity;
using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>Reads a message's fields; never past its end, and never more than is there.</summary>
/// <param name="source">The body.</param>
internal ref struct MessageReader(ReadOnlySpan<byte> source)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = source;

    /// <summary>Whether all was read.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    public static TMessage ReadAll<TMessage>(ReadOnlySpan<byte> body)
        where TMessage : IMessage<TMessage>
    {
        var reader = new MessageReader(body);
        var message = TMessage.Read(ref reader);
        return reader._rest.IsEmpty
            ? message
            : throw new ProtocolException($"{reader._rest.Length} bytes are left behind a {typeof(TMessage).Name}");
    }

    /// <summary>Reads the message at the beginning of a body.</summary>
    /// <param name="body">The body; afterwards what is left of it.</param>
    public static TMessage ReadFirst<TMessage>(ref ReadOnlySpan<byte> body)
        where TMessage : IMessage<TMessage>
    {
        var reader = new MessageReader(body);
        var message = TMessage.Read(ref reader);
        body = reader._rest;
        return message;
    }

    public byte ReadByte() => Take(1)[0];

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>A protocol version: 16 bits in a field of 32.</summary>
    public ushort ReadVersion()
    {
        var version = ReadUInt32();
        return version <= ushort.MaxValue
            ? (ushort)version
            : throw new ProtocolException($"version {version} is over {ushort.MaxValue}");
    }

    /// <summary>A number that is never negative: a position or a count.</summary>
    public long ReadPosition()
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));
        return value >= 0 ? value : throw new ProtocolException($"position or count {value} is negative");
    }

    /// <summary>A count of things, checked against its limit before anything is made for them.</summary>
    public int ReadCount(int limit, string what)
    {
        var count = ReadInt32();
        return count >= 0 && count <= limit
            ? count
            : throw new ProtocolException($"{count} {what} are outside 0 to {limit}");
    }

    public Digest256 ReadDigest() => new(Take(Digest256.SizeBytes));

    public ReadOnlySpan<byte> ReadBytes(int count) => Take(count);

    public string ReadText(int maxBytes)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));
        if (length > maxBytes)
        {
            throw new ProtocolException($"a text of {length} bytes is over the limit of {maxBytes}");
        }

        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new ProtocolException("a text is not UTF-8");
        }
    }

    public int[] ReadInts(int count)
    {
        var bytes = Take(checked(count * sizeof(int))); // Throws before anything is allocated.
        var numbers = GC.AllocateUninitializedArray<int>(count);
        if (BitConverter.IsLittleEndian)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(numbers.AsSpan()));
            return numbers;
        }

        for (var index = 0; index < count; index++)
        {
            numbers[index] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(index * sizeof(int))..]);
        }

        return numbers;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new ProtocolException($"a message ends {count - _rest.Length} bytes too early");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
