using System.Buffers;
using Swarm.Core.Identity;
using Swarm.Format.Segments;

namespace Swarm.Storage.Log;

/// <summary>Seals: what ends a log for good.</summary>
internal static class LogSeals
{
    /// <summary>A seal is at most this long, in bytes (64 of header, 65 of ids and numbers); every segment with a record is longer.</summary>
    public const int MaxBytes = 144;

    /// <summary>Bytes of a seal.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="sequence">Where it ends the log.</param>
    /// <param name="nonce">Fresh.</param>
    /// <param name="first">All segments from this number on are there, or noted as lost.</param>
    public static ReadOnlySequence<byte> Encode(Id128 writer, ulong sequence, Id128 nonce, ulong first) =>
        Encode(new Segment(writer, sequence, nonce, true, []) { Assured = first });

    /// <summary>Bytes of a seal.</summary>
    public static ReadOnlySequence<byte> Encode(Segment seal) => SegmentCodec.Encode(seal, [], out _);
}
