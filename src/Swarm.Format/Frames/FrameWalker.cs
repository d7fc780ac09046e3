using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Core.Geometry;
using Swarm.Format.Objects;

namespace Swarm.Format.Frames;

/// <summary>Goes through the frames of a payload in order, and holds each to its place.</summary>
/// <remarks>
/// Frames come by splits of the run; each split has one frame of every stream of every group, in that order, over the
/// same positions. Sizes follow from the geometry: no length in the payload is trusted.
/// </remarks>
internal ref struct FrameWalker
{
    private const int PieceBytes = 32 << 10;

    private readonly KvGeometry _geometry;
    private readonly ReadOnlySpan<byte> _payload;
    private readonly long _end;
    private readonly int _frames;
    private int _offset; // Of the frame; _next of the one behind it.
    private int _next = KvPayloadHeader.SizeBytes;
    private int _index = -1;
    private long _splitFirst;
    private int _splitCount;

    /// <summary>Checks the payload's header.</summary>
    /// <exception cref="CorruptObjectException">It is not that of this run.</exception>
    public FrameWalker(KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload)
    {
        var header = KvPayloadHeader.Read(payload);
        if (header.FirstPosition != firstPosition || header.Count != count)
        {
            throw new CorruptObjectException(
                $"KV payload of {header.Count} positions from {header.FirstPosition} on, where {count} from "
                + $"{firstPosition} on belong.");
        }

        _geometry = geometry;
        _payload = payload;
        _frames = header.Frames;
        _end = firstPosition + count;
        _splitFirst = firstPosition;
    }

    /// <summary>Header of the frame.</summary>
    public FrameHeader Current { get; private set; }

    /// <summary>KV of the frame: [layer of the group][position][row].</summary>
    public readonly ReadOnlySpan<byte> Data =>
        _payload.Slice(_offset + FrameHeader.SizeBytes, Current.StoredBytes);

    /// <summary>Goes to the next frame.</summary>
    /// <returns>Whether there is one; if not, the run was covered to its end and the payload ends here.</returns>
    /// <exception cref="CorruptObjectException">What is here is not the frame that belongs here.</exception>
    public bool MoveNext()
    {
        var (group, stream) = Following();
        if (_splitFirst == _end)
        {
            return _index + 1 == _frames && _next == _payload.Length
                ? false
                : throw new CorruptObjectException(
                    $"KV payload of {_payload.Length} bytes and {_frames} frames, where the run ends after {_next} "
                    + $"and {_index + 1}.");
        }

        _index++;
        _offset = _next;
        if (_payload.Length - _offset < FrameHeader.SizeBytes)
        {
            throw Fault("is cut");
        }

        if (!FrameHeader.TryRead(_payload[_offset..], out var header))
        {
            throw Fault("has no frame header");
        }

        Check(header, group, stream);
        Current = header;
        _next = _offset + FrameHeader.SizeBytes + header.StoredBytes;
        return true;
    }

    /// <summary>Checks header and data of the frame against their checksum.</summary>
    /// <exception cref="CorruptObjectException">They are damaged.</exception>
    public readonly void Verify() => Verify(Current);

    /// <summary>Copies the frame, and checks it on the way, piece by piece, so that memory is read once.</summary>
    /// <param name="frameHash">Empty; empty again afterwards.</param>
    /// <param name="payloadHash">Receives the frame.</param>
    /// <param name="payload">Where the payload goes; the frame goes to its place in it.</param>
    /// <exception cref="CorruptObjectException">It is damaged.</exception>
    public readonly void CopyVerified(XxHash3 frameHash, XxHash3 payloadHash, Span<byte> payload)
    {
        var frame = _payload[_offset.._next];
        for (var done = 0; done < frame.Length; done += PieceBytes)
        {
            var piece = frame.Slice(done, Math.Min(PieceBytes, frame.Length - done));
            payloadHash.Append(piece);
            frameHash.Append(done == 0 ? piece[FrameHeader.ChecksumBytes..] : piece);
            piece.CopyTo(payload[(_offset + done)..]);
        }

        var hash = frameHash.GetCurrentHashAsUInt64();
        frameHash.Reset();
        if (BinaryPrimitives.ReadUInt64LittleEndian(frame) != hash)
        {
            throw Fault("does not match its checksum");
        }
    }

    private (int Group, int Stream) Following()
    {
        if (_index < 0)
        {
            return (0, 0);
        }

        var (group, stream) = (Current.Group, Current.Stream + 1);
        if (stream == _geometry.Groups[group].Streams.Length)
        {
            (group, stream) = (group + 1, 0);
        }

        if (group == _geometry.Groups.Length)
        {
            _splitFirst += _splitCount;
            _splitCount = 0;
            group = 0;
        }

        return (group, stream);
    }

    private void Check(FrameHeader header, int group, int stream)
    {
        if (header.Group != group || header.Stream != stream || header.FirstPosition != _splitFirst)
        {
            throw Fault(
                $"is of group {header.Group}, stream {header.Stream}, position {header.FirstPosition}, where group "
                + $"{group}, stream {stream}, position {_splitFirst} belongs");
        }

        if (header.Count < 1 || header.Count > _end - _splitFirst || (_splitCount != 0 && header.Count != _splitCount))
        {
            throw Fault($"has {header.Count} positions");
        }

        _splitCount = header.Count;
        if (!header.IsPlain)
        {
            Verify(header); // Only a sound header may say that a newer build is needed.
            throw new CorruptObjectException(
                $"KV frame {_index} has a codec, cipher or shard that this build does not know. Use a newer one.",
                isUnsupported: true);
        }

        var bytes = (long)header.Count * _geometry.Groups[group].FrameBytesPerPosition(stream);
        if (bytes > KvGeometry.MaxFrameBytes || header.RawBytes != bytes || header.StoredBytes != bytes)
        {
            throw Fault($"has {header.RawBytes} raw and {header.StoredBytes} stored bytes, where {bytes} belong");
        }

        if (_payload.Length - _offset - FrameHeader.SizeBytes < header.StoredBytes)
        {
            throw Fault("is cut");
        }
    }

    private readonly void Verify(FrameHeader header)
    {
        var frame = _payload[_offset..];
        if (header.StoredBytes < 0 || header.StoredBytes > frame.Length - FrameHeader.SizeBytes)
        {
            throw Fault("is cut");
        }

        frame = frame[..(FrameHeader.SizeBytes + header.StoredBytes)];
        if (BinaryPrimitives.ReadUInt64LittleEndian(frame) != XxHash3.HashToUInt64(frame[FrameHeader.ChecksumBytes..]))
        {
            throw Fault("does not match its checksum");
        }
    }

    private readonly CorruptObjectException Fault(string what) =>
        new($"KV frame {_index} at byte {_offset} of {_payload.Length}, positions from {_splitFirst} on, {what}.");
}
