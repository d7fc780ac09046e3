using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Swarm.Format.Frames;

/// <summary>KV of a run of positions as frames; see FORMAT.md, KV payload.</summary>
public static class KvPayload
{
    /// <summary>Largest payload, in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    [ThreadStatic]
    private static XxHash3? _whole;

    [ThreadStatic]
    private static XxHash3? _part;

    /// <summary>Exact size that <see cref="Encode"/> will write with the raw codec.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions, at least 1.</param>
    /// <returns>Bytes, at most <see cref="MaxBytes"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The run is none, or too long for one payload.</exception>
    public static int EncodedLength(KvGeometry geometry, long firstPosition, int count)
    {
        CheckRun(geometry, firstPosition, count);
        var length = KvPayloadHeader.SizeBytes
            + ((long)FrameCount(geometry, count) * KvFrameHeader.SizeBytes)
            + (count * geometry.BytesPerPosition);
        return length <= MaxBytes
            ? (int)length
            : throw new ArgumentOutOfRangeException(
                nameof(count), count, $"{length} bytes of payload; at most {MaxBytes} are allowed: append shorter runs.");
    }

    /// <summary>Encodes a run with the raw codec: each byte is copied once, and checksummed.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run; it ends within the range of an int.</param>
    /// <param name="count">Positions, at least 1.</param>
    /// <param name="copyOut">Called once for each frame, with that frame's place in <paramref name="destination"/>.</param>
    /// <param name="destination">At least <see cref="EncodedLength"/> bytes.</param>
    /// <returns>Bytes written: <see cref="EncodedLength"/>.</returns>
    /// <exception cref="ArgumentException">The run is none, or too long, or the destination too short.</exception>
    public static int Encode(
        KvGeometry geometry, long firstPosition, int count, KvCopyOut copyOut, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(copyOut);
        var length = EncodedLength(geometry, firstPosition, count);
        CheckRuntimeRange(firstPosition, count, nameof(firstPosition));
        if (destination.Length < length)
        {
            throw new ArgumentException($"{destination.Length} bytes; {length} are needed.", nameof(destination));
        }

        new KvPayloadHeader(firstPosition, count, FrameCount(geometry, count)).CopyTo(destination);
        var rest = destination[KvPayloadHeader.SizeBytes..length];
        var splitPositions = SplitPositions(geometry);
        for (var done = 0; done < count; done += splitPositions)
        {
            var splitCount = Math.Min(splitPositions, count - done);
            for (var group = 0; group < geometry.Groups.Length; group++)
            {
                for (var stream = 0; stream < geometry.Groups[group].Streams.Length; stream++)
                {
                    var bytes = splitCount * geometry.Groups[group].FrameBytesPerPosition(stream);
                    var frame = rest[..(KvFrameHeader.SizeBytes + bytes)];
                    new KvFrameHeader(group, stream, firstPosition + done, splitCount, bytes, bytes, true).CopyTo(frame);
                    copyOut(group, stream, (int)firstPosition + done, splitCount, frame[KvFrameHeader.SizeBytes..]);
                    BinaryPrimitives.WriteUInt64LittleEndian(
                        frame, XxHash3.HashToUInt64(frame[KvFrameHeader.ChecksumBytes..]));
                    rest = rest[frame.Length..];
                }
            }
        }

        return length;
    }

    /// <summary>Checks structure and every checksum without copying: the frames cover exactly this run of this geometry.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run as written.</param>
    /// <param name="count">Positions of the run as written.</param>
    /// <param name="payload">The frames.</param>
    /// <exception cref="Objects.CorruptObjectException">They do not; the message names the frame.</exception>
    public static void Verify(KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload)
    {
        CheckRun(geometry, firstPosition, count);
        var frames = new FrameWalker(geometry, firstPosition, count, payload);
        while (frames.MoveNext())
        {
            frames.Verify();
        }
    }

    /// <summary>Copies a payload, and checks structure and every checksum on the way.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run as written.</param>
    /// <param name="count">Positions of the run as written.</param>
    /// <param name="payload">The frames.</param>
    /// <param name="destination">As many bytes as <paramref name="payload"/>; anything may be in it when this throws.</param>
    /// <returns>XxHash3-64 of the whole payload.</returns>
    /// <exception cref="Objects.CorruptObjectException">It is damaged; the message names the frame.</exception>
    public static ulong CopyVerified(
        KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        CheckRun(geometry, firstPosition, count);
        var frames = new FrameWalker(geometry, firstPosition, count, payload);
        var whole = _whole ??= new XxHash3();
        var part = _part ??= new XxHash3();
        whole.Reset(); // One may have been left half way.
        part.Reset();
        whole.Append(payload[..KvPayloadHeader.SizeBytes]);
        payload[..KvPayloadHeader.SizeBytes].CopyTo(destination);
        while (frames.MoveNext())
        {
            frames.CopyVerified(part, whole, destination);
        }

        return whole.GetCurrentHashAsUInt64();
    }

    /// <summary>Hands out some positions of a run frame by frame, each verified before.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions of the run that count; more may have been written.</param>
    /// <param name="payload">The frames.</param>
    /// <param name="wantFirst">First position to hand out, within the run.</param>
    /// <param name="wantCount">Positions to hand out, within the run and the range of an int; 0 hands out nothing.</param>
    /// <param name="copyIn">Receives [layer][position][row] runs of wanted positions alone.</param>
    /// <remarks>Of frames without wanted positions the structure is checked, not the checksum.</remarks>
    /// <exception cref="Objects.CorruptObjectException">Damaged. Frames before the damaged one were handed out.</exception>
    public static void Decode(
        KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload,
        long wantFirst, int wantCount, KvCopyIn copyIn)
    {
        ArgumentNullException.ThrowIfNull(copyIn);
        CheckRun(geometry, firstPosition, count);
        CheckRuntimeRange(wantFirst, wantCount, nameof(wantFirst));
        if (wantFirst < firstPosition || wantCount > count || wantFirst - firstPosition > count - wantCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(wantFirst), wantFirst,
                $"{wantCount} positions are wanted; the run has {count} from {firstPosition} on.");
        }

        var written = KvPayloadHeader.Read(payload).Count;
        if (written < count)
        {
            throw new Objects.CorruptObjectException($"KV payload of {written} positions from {firstPosition} on, where {count} belong.");
        }

        var frames = new FrameWalker(geometry, firstPosition, written, payload);
        while (frames.MoveNext())
        {
            var header = frames.Current;
            var first = Math.Max(wantFirst, header.FirstPosition);
            var end = Math.Min(wantFirst + wantCount, header.FirstPosition + header.Count);
            if (first < end)
            {
                frames.Verify();
                HandOut(geometry, header, frames.Data, (int)first, (int)(end - first), copyIn);
            }
        }
    }

    private static void HandOut(
        KvGeometry geometry, KvFrameHeader header, ReadOnlySpan<byte> data, int first, int count, KvCopyIn copyIn)
    {
        if (count == header.Count)
        {
            copyIn(header.Group, header.Stream, first, count, data);
            return;
        }

        var group = geometry.Groups[header.Group];
        var rowBytes = group.Streams[header.Stream].RowBytes;
        var (layerBytes, wantBytes) = (header.Count * rowBytes, count * rowBytes);
        var skipBytes = (int)(first - header.FirstPosition) * rowBytes;
        var scratch = ArrayPool<byte>.Shared.Rent(wantBytes * group.Layers.Length);
        try
        {
            for (var layer = 0; layer < group.Layers.Length; layer++)
            {
                data.Slice((layer * layerBytes) + skipBytes, wantBytes).CopyTo(scratch.AsSpan(layer * wantBytes));
            }

            copyIn(header.Group, header.Stream, first, count, scratch.AsSpan(0, wantBytes * group.Layers.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static int SplitPositions(KvGeometry geometry)
    {
        var positions = int.MaxValue;
        for (var group = 0; group < geometry.Groups.Length; group++)
        {
            for (var stream = 0; stream < geometry.Groups[group].Streams.Length; stream++)
            {
                positions = Math.Min(positions, geometry.MaxFramePositions(group, stream));
            }
        }

        return positions;
    }

    private static int FrameCount(KvGeometry geometry, int count)
    {
        var splits = ((count - 1) / SplitPositions(geometry)) + 1;
        return checked(splits * geometry.Groups.Sum(group => group.Streams.Length));
    }

    private static void CheckRun(KvGeometry geometry, long firstPosition, int count)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstPosition, long.MaxValue - count);
    }

    private static void CheckRuntimeRange(long firstPosition, int count, string name)
    {
        if (firstPosition < 0 || count < 0 || firstPosition + count > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                name, firstPosition, $"{count} positions from there are outside what a runtime holds, {int.MaxValue}.");
        }
    }
}
