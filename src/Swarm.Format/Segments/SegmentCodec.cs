using System.Buffers;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>Bytes of segments and seals. CONTRACT FILE: signatures to be kept, bodies to be written.</summary>
public static class SegmentCodec
{
    /// <summary>First read of a segment, in bytes: almost every index fits.</summary>
    public const int ProbeBytes = 64 << 10;

    /// <summary>Encodes a segment or a seal. Payloads are referred to, not copied.</summary>
    /// <param name="segment">The index; own payload offsets are relative to the payload area.</param>
    /// <param name="payloads">Concatenated, they are the payload area; offsets must fit.</param>
    /// <param name="payloadStart">Offset of the payload area in the object.</param>
    /// <returns>The whole object; valid as long as the payloads are.</returns>
    public static ReadOnlySequence<byte> Encode(
        Segment segment, IReadOnlyList<ReadOnlyMemory<byte>> payloads, out long payloadStart) =>
        throw new NotImplementedException();

    /// <summary>How many bytes from the start hold the whole index.</summary>
    /// <param name="prefix">At least the object header (fewer bytes are corrupt), from offset 0.</param>
    /// <returns>Header and index length; at most 64 MiB.</returns>
    /// <exception cref="CorruptObjectException">Not a segment or seal, damaged, or of an unknown version.</exception>
    public static int IndexEnd(ReadOnlySpan<byte> prefix) => throw new NotImplementedException();

    /// <summary>Decodes an index. Own payload references come back absolute, with their object named.</summary>
    /// <param name="prefix">At least <see cref="IndexEnd"/> bytes from offset 0.</param>
    /// <param name="objectLength">Length of the whole object: a truncated one is corrupt.</param>
    /// <exception cref="CorruptObjectException">Damaged, or it needs what this build does not know.</exception>
    public static Segment Decode(ReadOnlySpan<byte> prefix, long objectLength) => throw new NotImplementedException();
}
