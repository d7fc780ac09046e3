using System.Buffers;
using Swarm.Core.Identity;
using Swarm.Format.Segments;

namespace Swarm.Storage.Log;

/// <summary>Seals: what ends a log for good.</summary>
internal static class LogSeals
{
    /// <summary>A seal is at most this long, in bytes (64 of header, 47 of ids and number); every segment with a record is longer.</summary>
    public const int MaxBytes = 128;

    /// <summary>Bytes of a seal.</summary>
    public static ReadOnlySequence<byte> Encode(Id128 writer, ulong sequence, Id128 nonce) =>
        SegmentCodec.Encode(new Segment(writer, sequence, nonce, true, []), [], out _);
}
