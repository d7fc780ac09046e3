using System.Text;
using System.Text.Unicode;
using MessagePack;
using Swarm.Core.Identity;

namespace Swarm.Format.Objects;

/// <summary>Reads the MessagePack part of objects, trusting no length in it.</summary>
/// <remarks>
/// Throws <see cref="CorruptObjectException"/>, and what <see cref="ObjectCodec"/> turns into it. Nothing is
/// allocated for a length before that many bytes were seen to be there.
/// </remarks>
/// <param name="source">The bytes; texts and bytes that are read are copies.</param>
internal ref struct MetaReader(ReadOnlyMemory<byte> source)
{
    private readonly int _length = source.Length;
    private MessagePackReader _reader = new(source);

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _length - (int)_reader.Consumed;

    /// <summary>Starts an array of fields. Later versions may have appended some: end it by <see cref="EndFields"/>.</summary>
    /// <param name="known">Fields that this build reads.</param>
    /// <returns>Fields behind these, to skip.</returns>
    public int BeginFields(int known)
    {
        var count = _reader.ReadArrayHeader();
        return count >= known
            ? count - known
            : throw new CorruptObjectException($"{count} fields where {known} are needed.");
    }

    /// <summary>Skips fields that this build does not know. Not recursive: nesting cannot exhaust the stack.</summary>
    /// <param name="unknown">What <see cref="BeginFields"/> returned.</param>
    public void EndFields(int unknown)
    {
        for (long pending = unknown; pending > 0; pending--)
        {
            switch (_reader.NextMessagePackType)
            {
                case MessagePackType.Array:
                    pending += _reader.ReadArrayHeader();
                    break;
                case MessagePackType.Map:
                    pending += 2L * _reader.ReadMapHeader();
                    break;
                default:
                    _reader.Skip();
                    break;
            }
        }
    }

    /// <summary>Starts a list.</summary>
    /// <param name="max">Most items.</param>
    /// <returns>Its items.</returns>
    public int BeginList(int max)
    {
        var count = _reader.ReadArrayHeader();
        return count <= max ? count : throw new CorruptObjectException($"{count} items; at most {max} are allowed.");
    }

    /// <summary>Checks that nothing follows.</summary>
    public readonly void End()
    {
        if (Remaining != 0)
        {
            throw new CorruptObjectException($"{Remaining} bytes too many.");
        }
    }

    /// <summary>Reads a nil if one is there.</summary>
    public bool TryNil() => _reader.TryReadNil();

    /// <summary>Reads a number of 32 bits.</summary>
    public int Int32() => _reader.ReadInt32();

    /// <summary>Reads a number of 32 bits.</summary>
    public uint UInt32() => _reader.ReadUInt32();

    /// <summary>Reads a number of 64 bits.</summary>
    public long Int64() => _reader.ReadInt64();

    /// <summary>Reads a number of 64 bits.</summary>
    public ulong UInt64() => _reader.ReadUInt64();

    /// <summary>Reads a count or a position.</summary>
    public long Position()
    {
        var value = _reader.ReadInt64();
        return value >= 0 ? value : throw new CorruptObjectException($"Position {value} is negative.");
    }

    /// <summary>Reads a field that only later builds use: any value but one is of theirs.</summary>
    /// <param name="expected">The only value that this build knows.</param>
    /// <param name="what">The field, for the message.</param>
    public void Reserved(uint expected, string what)
    {
        var value = _reader.ReadUInt32();
        if (value != expected)
        {
            throw new CorruptObjectException(
                $"{what} {value} is not known to this build. Use a newer one.", isUnsupported: true);
        }
    }

    /// <summary>Reads 16 bytes.</summary>
    public Id128 Id() => new(Exact(Id128.SizeBytes));

    /// <summary>Reads 32 bytes.</summary>
    public Digest256 Digest() => new(Exact(Digest256.SizeBytes));

    /// <summary>Reads 32 bytes.</summary>
    public ContextId Context() => ContextId.Read(Exact(ContextId.SizeBytes));

    /// <summary>Reads bytes without copying them.</summary>
    /// <param name="max">Most bytes.</param>
    /// <returns>A part of the source.</returns>
    public ReadOnlyMemory<byte> Bytes(int max)
    {
        var bytes = _reader.ReadBytes() ?? throw new CorruptObjectException("Nil where bytes are needed.");
        return bytes.Length <= max
            ? bytes.First
            : throw new CorruptObjectException($"{bytes.Length} bytes; at most {max} are allowed.");
    }

    /// <summary>Reads a text.</summary>
    /// <param name="maxBytes">Most bytes of UTF-8.</param>
    public string Text(int maxBytes)
    {
        var bytes = _reader.ReadStringSequence() ?? throw new CorruptObjectException("Nil where a text is needed.");
        if (bytes.Length > maxBytes)
        {
            throw new CorruptObjectException($"A text of {bytes.Length} bytes; at most {maxBytes} are allowed.");
        }

        return Utf8.IsValid(bytes.FirstSpan)
            ? Encoding.UTF8.GetString(bytes.FirstSpan)
            : throw new CorruptObjectException("A text is not UTF-8.");
    }

    private ReadOnlySpan<byte> Exact(int length)
    {
        var bytes = Bytes(length).Span;
        return bytes.Length == length
            ? bytes
            : throw new CorruptObjectException($"{bytes.Length} bytes where {length} are needed.");
    }
}
