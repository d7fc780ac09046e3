using Swarm.Format.Objects;

namespace Swarm.Format.Frames;

/// <summary>Which frame of a payload belongs where: holds each header to its place, in order.</summary>
/// <remarks>
/// Frames come by splits of the run; each split has one frame of every stream of every group, in that order, over the
/// same positions. Sizes follow from the geometry: no length in the payload is trusted.
/// </remarks>
internal struct FrameOrder
{
    private readonly KvGeometry _geometry;
    private readonly int _length;
    private readonly int _frames;
    private readonly long _end;
    private int _index = -1;
    private long _splitFirst;
    private int _splitCount;

    /// <summary>Begins with the payload's header.</summary>
    /// <param name="geometry">The geometry.</param>
    /// <param name="header">The header.</param>
    /// <param name="length">Bytes of the payload.</param>
    public FrameOrder(KvGeometry geometry, KvPayloadHeader header, int length)
    {
        _geometry = geometry;
        _length = length;
        _frames = header.Frames;
        _splitFirst = header.FirstPosition;
        _end = header.FirstPosition + header.Count;
    }

    /// <summary>Header of the frame.</summary>
    public KvFrameHeader Current { get; private set; }

    /// <summary>Where the frame begins in the payload.</summary>
    public int Offset { get; private set; }

    /// <summary>Where it ends.</summary>
    public int End { get; private set; } = KvPayloadHeader.SizeBytes;

    /// <summary>Whether another frame belongs behind this one; if not, the run was covered to its end and the payload ends here.</summary>
    /// <exception cref="CorruptObjectException">It does not end here, or not even that frame's header fits.</exception>
    public bool HasNext()
    {
        if (SplitBehind() == _end)
        {
            return _index + 1 == _frames && End == _length
                ? false
                : throw new CorruptObjectException(
                    $"KV payload of {_length} bytes and {_frames} frames, where the run ends after {End} and {_index + 1}.");
        }

        return _length - End >= KvFrameHeader.SizeBytes ? true : throw Fault(_index + 1, End, "is cut");
    }

    /// <summary>Goes to the next frame, as <see cref="HasNext"/> has allowed.</summary>
    /// <param name="source">Its header.</param>
    /// <exception cref="CorruptObjectException">It is not the frame that belongs here, or is cut.</exception>
    /// <remarks>One that is not plain is taken with whatever size it says that it has, within the payload.</remarks>
    public void Accept(ReadOnlySpan<byte> source)
    {
        var (group, stream) = Following();
        _index++;
        Offset = End;
        if (!KvFrameHeader.TryRead(source, out var header))
        {
            throw Fault("has no frame header");
        }

        Check(header, group, stream);
        Current = header;
        End = Offset + KvFrameHeader.SizeBytes + header.StoredBytes;
    }

    /// <summary>This frame fails its checksum.</summary>
    public readonly CorruptObjectException Damaged() => Fault("does not match its checksum");

    /// <summary>This frame is sound, and not plain.</summary>
    public readonly CorruptObjectException Unsupported() => new(
        $"KV frame {_index} has a codec, cipher or shard that this build does not know. Use a newer one.", isUnsupported: true);

    private readonly CorruptObjectException Fault(string what) => Fault(_index, Offset, what);

    private readonly CorruptObjectException Fault(int index, int offset, string what) => new(
        $"KV frame {index} at byte {offset} of {_length}, positions from {_splitFirst} on, {what}.");

    private readonly bool IsLastOfSplit => _index >= 0
        && Current.Group == _geometry.Groups.Length - 1
        && Current.Stream == _geometry.Groups[Current.Group].Streams.Length - 1;

    private readonly long SplitBehind() => IsLastOfSplit ? _splitFirst + _splitCount : _splitFirst;

    private (int Group, int Stream) Following()
    {
        if (_index < 0)
        {
            return (0, 0);
        }

        if (IsLastOfSplit)
        {
            (_splitFirst, _splitCount) = (SplitBehind(), 0);
            return (0, 0);
        }

        var (group, stream) = (Current.Group, Current.Stream + 1);
        return stream == _geometry.Groups[group].Streams.Length ? (group + 1, 0) : (group, stream);
    }

    private void Check(KvFrameHeader header, int group, int stream)
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
        var bytes = (long)header.Count * _geometry.Groups[group].FrameBytesPerPosition(stream);
        if (header.IsPlain && (bytes > KvGeometry.MaxFrameBytes || header.RawBytes != bytes || header.StoredBytes != bytes))
        {
            throw Fault($"has {header.RawBytes} raw and {header.StoredBytes} stored bytes, where {bytes} belong");
        }

        if (header.StoredBytes < 0 || header.StoredBytes > _length - Offset - KvFrameHeader.SizeBytes)
        {
            throw Fault("is cut");
        }
    }
}
