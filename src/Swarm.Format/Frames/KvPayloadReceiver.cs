using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Objects;

namespace Swarm.Format.Frames;

/// <summary>Takes payloads straight into a runtime's memory, piece by piece as they arrive, and verifies them there.</summary>
/// <remarks>
/// <para>
/// Fill <see cref="Next"/>, call <see cref="Advance"/>, until <see cref="Next"/> is empty: the payload's length was asked for by then,
/// whatever was in it. Each piece is hashed when it has come, while it is in the processor's cache. Where the checksum of the payload is known, rows are
/// marked as written once that has matched; otherwise those of a frame once its own has. What a damaged one has left in them never counts.
/// </para>
/// <para>One payload at a time. Nothing is allocated for one that is sound.</para>
/// </remarks>
/// <param name="geometry">The geometry.</param>
/// <param name="memory">The runtime's memory.</param>
public sealed class KvPayloadReceiver(KvGeometry geometry, IKvMemory memory)
{
    private readonly byte[] _scratch = new byte[32 << 10];
    private readonly XxHash3 _hash = new(); // Of the payload where its checksum is known, and else of the frame.
    private readonly List<KvFrameHeader> _unmarked = [];
    private FrameOrder _order;
    private Part _part;
    private ulong _checksum;
    private ulong? _payloadChecksum;
    private long _first;
    private int _count;
    private int _length;
    private int _received;
    private int _layer; // Of the frame; and below, how far that layer, or a frame that is not plain, has come.
    private int _donePositions;
    private int _doneBytes;

    private enum Part
    {
        PayloadHeader,
        FrameHeader,
        Rows,
        RowsBehind,
        Unknown,
        Rest,
    }

    /// <summary>Where the next bytes of the payload go; empty at its end.</summary>
    public Memory<byte> Next { get; private set; }

    /// <summary>Why the payload cannot be used; <see langword="null"/> while nothing is wrong with it.</summary>
    public string? Fault { get; private set; }

    /// <summary>Begins a payload.</summary>
    /// <param name="firstPosition">First position of the run.</param>
    /// <param name="count">Positions of the run that count, at least 1, within the range of an int; more may have been written.</param>
    /// <param name="length">Bytes of the payload.</param>
    /// <param name="checksum">XXH3 of the payload, in place of the checksums of its frames; <see langword="null"/> where it is not known.</param>
    public void Begin(long firstPosition, int count, int length, ulong? checksum = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstPosition, int.MaxValue - count);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        (_first, _count, _length, _received, Fault) = (firstPosition, count, length, 0, null);
        _payloadChecksum = checksum;
        _unmarked.Clear();
        _hash.Reset();
        if (length < KvPayloadHeader.SizeBytes)
        {
            Fail($"{length} bytes that are no KV payload.");
        }
        else
        {
            Ask(Part.PayloadHeader, KvPayloadHeader.SizeBytes);
        }
    }

    /// <summary>Takes a run out of memory, or straight out of its file, and verifies it: all of it, in one call.</summary>
    /// <param name="run">A run that is not damaged, and was not received in place.</param>
    /// <returns>Why it cannot be used; <see langword="null"/> where it is in the runtime's memory.</returns>
    /// <exception cref="IOException">Its file cannot be read.</exception>
    public string? Receive(KvRunData run)
    {
        ArgumentNullException.ThrowIfNull(run);
        Begin(run.FirstPosition, run.Count, run.Length, run.Checksum);
        while (!Next.IsEmpty)
        {
            Fill(run, _received, Next.Span);
            Advance();
        }

        return Fault;
    }

    /// <summary>Takes what <see cref="Next"/> was filled with, and goes on.</summary>
    public void Advance()
    {
        var piece = Next.Span;
        _received += piece.Length;
        if (_payloadChecksum is not null)
        {
            _hash.Append(piece);
        }

        try
        {
            Take(piece);
        }
        catch (Exception error) when (error is CorruptObjectException or InvalidOperationException or ArgumentException)
        {
            Fail(error.Message); // The last two: the cache is full, or not there. Whoever writes it otherwise will be told.
        }

        if (Next.IsEmpty && _payloadChecksum is { } checksum)
        {
            EndPayload(checksum);
        }
    }

    private void Take(ReadOnlySpan<byte> piece)
    {
        switch (_part)
        {
            case Part.PayloadHeader:
                Begin(KvPayloadHeader.Read(piece));
                break;
            case Part.FrameHeader:
                BeginFrame(piece);
                break;
            case Part.Rows or Part.RowsBehind:
                AppendToFrame(piece);
                _donePositions += piece.Length / RowBytes;
                AskRows();
                break;
            case Part.Unknown:
                AppendToFrame(piece);
                _doneBytes += piece.Length;
                AskUnknown();
                break;
            default:
                AskRest();
                break;
        }
    }

    private int RowBytes => geometry.Groups[_order.Current.Group].Streams[_order.Current.Stream].RowBytes;

    /// <summary>Positions of the frame that count.</summary>
    private int WantedPositions => WantedOf(_order.Current);

    private int WantedOf(KvFrameHeader frame) => (int)Math.Clamp(_first + _count - frame.FirstPosition, 0, frame.Count);

    private void Begin(KvPayloadHeader header)
    {
        if (header.FirstPosition != _first || header.Count < _count)
        {
            header.RequireRun(_first, _count);
        }

        _order = new FrameOrder(geometry, header, _length);
        AskFrame();
    }

    private void BeginFrame(ReadOnlySpan<byte> header)
    {
        _order.Accept(header);
        _checksum = BinaryPrimitives.ReadUInt64LittleEndian(header);
        if (_payloadChecksum is null)
        {
            _hash.Reset();
            _hash.Append(header[KvFrameHeader.ChecksumBytes..]);
        }

        (_layer, _donePositions, _doneBytes) = (0, 0, 0);
        if (_order.Current.IsPlain)
        {
            AskRows();
        }
        else
        {
            AskUnknown();
        }
    }

    private void AskFrame()
    {
        if (_order.HasNext())
        {
            Ask(Part.FrameHeader, KvFrameHeader.SizeBytes);
        }
        else
        {
            AskRest(); // None is left.
        }
    }

    /// <summary>Asks for the next rows: into the runtime's memory where they count.</summary>
    private void AskRows()
    {
        var frame = _order.Current;
        if (_donePositions == frame.Count)
        {
            (_layer, _donePositions) = (_layer + 1, 0);
        }

        if (_layer == geometry.Groups[frame.Group].Layers.Length)
        {
            EndFrame();
        }
        else if (_donePositions < WantedPositions)
        {
            var wanted = WantedPositions - _donePositions;
            var rows = memory.GetRows(frame.Group, frame.Stream, _layer, (int)frame.FirstPosition + _donePositions, wanted);
            if (rows.IsEmpty || rows.Length > wanted * RowBytes || rows.Length % RowBytes != 0)
            {
                throw new InvalidOperationException(
                    $"The cache has given out {rows.Length} bytes for up to {wanted} rows of {RowBytes}: whole rows, at least one, belong.");
            }

            (_part, Next) = (Part.Rows, rows);
        }
        else
        {
            var behind = Math.Min(frame.Count - _donePositions, Math.Max(1, _scratch.Length / RowBytes));
            Ask(Part.RowsBehind, behind * RowBytes);
        }
    }

    private void AskUnknown()
    {
        var rest = _order.Current.StoredBytes - _doneBytes;
        if (rest == 0)
        {
            if (_payloadChecksum is null)
            {
                RequireChecksum(); // Only a sound header may say that a newer build is needed.
            }

            throw _order.Unsupported();
        }

        Ask(Part.Unknown, Math.Min(rest, _scratch.Length));
    }

    private void EndFrame()
    {
        if (WantedPositions > 0)
        {
            if (_payloadChecksum is null)
            {
                RequireChecksum();
                Mark(_order.Current);
            }
            else
            {
                _unmarked.Add(_order.Current);
            }
        }

        AskFrame();
    }

    private void RequireChecksum()
    {
        if (_hash.GetCurrentHashAsUInt64() != _checksum)
        {
            throw _order.Damaged();
        }
    }

    private static void Fill(KvRunData run, int offset, Span<byte> destination)
    {
        if (run.File is not { } file)
        {
            run.Frames.Span.Slice(offset, destination.Length).CopyTo(destination);
            return;
        }

        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(file.Stream.SafeFileHandle, destination, file.Offset + offset);
            if (read == 0)
            {
                throw new EndOfStreamException($"'{file.Stream.Name}' became shorter while it was read: something else writes to it.");
            }

            offset += read;
            destination = destination[read..];
        }
    }

    private void EndPayload(ulong checksum)
    {
        if (_hash.GetCurrentHashAsUInt64() != checksum)
        {
            Fault = $"The {_length} bytes of KV from position {_first} fail the checksum that they were stored with."; // Whatever else seems to be wrong.
        }
        else if (Fault is null)
        {
            foreach (var frame in _unmarked)
            {
                Mark(frame);
            }
        }
    }

    private void Mark(KvFrameHeader frame) => memory.MarkWritten(frame.Group, frame.Stream, (int)frame.FirstPosition, WantedOf(frame));

    private void AppendToFrame(ReadOnlySpan<byte> piece)
    {
        if (_payloadChecksum is null)
        {
            _hash.Append(piece);
        }
    }

    private void Fail(string fault)
    {
        Fault = fault;
        AskRest();
    }

    private void AskRest() => Ask(Part.Rest, Math.Min(_scratch.Length, _length - _received));

    private void Ask(Part part, int bytes)
    {
        if (bytes > _length - _received)
        {
            throw new CorruptObjectException($"KV payload of {_length} bytes is cut.");
        }

        _part = part;
        Next = bytes <= _scratch.Length ? _scratch.AsMemory(0, bytes) : new byte[bytes];
    }
}
