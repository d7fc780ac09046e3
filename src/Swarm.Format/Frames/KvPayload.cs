using Swarm.Core.Geometry;

namespace Swarm.Format.Frames;

/// <summary>KV of a run of positions as frames. CONTRACT FILE: signatures to be kept, bodies to be written.</summary>
public static class KvPayload
{
    /// <summary>Largest payload, in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Exact size that <see cref="Encode"/> will write with the raw codec.</summary>
    public static int EncodedLength(KvGeometry geometry, long firstPosition, int count) => throw new NotImplementedException();

    /// <summary>Encodes a run with the raw codec: each byte is copied once, and checksummed.</summary>
    /// <returns>Bytes written: <see cref="EncodedLength"/>.</returns>
    public static int Encode(
        KvGeometry geometry, long firstPosition, int count, KvCopyOut copyOut, Span<byte> destination) =>
        throw new NotImplementedException();

    /// <summary>Checks structure and every checksum without copying: the frames cover exactly this run of this geometry.</summary>
    /// <exception cref="Objects.CorruptObjectException">They do not; the message names the frame.</exception>
    public static void Verify(KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload) =>
        throw new NotImplementedException();

    /// <summary>Verifies, then hands out the first positions of a run frame by frame.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run as written.</param>
    /// <param name="count">Positions of the run as written.</param>
    /// <param name="payload">The frames.</param>
    /// <param name="wantFirst">First position to hand out.</param>
    /// <param name="wantCount">Positions to hand out.</param>
    /// <param name="copyIn">Receives [layer][position][row] runs.</param>
    /// <exception cref="Objects.CorruptObjectException">Damaged. Frames before the damaged one were handed out.</exception>
    public static void Decode(
        KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload,
        long wantFirst, int wantCount, KvCopyIn copyIn) => throw new NotImplementedException();
}
