using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Objects;

namespace Swarm.Format.Frames;

/// <summary>Goes through the frames of a payload in order, and holds each to its place.</summary>
internal ref struct FrameWalker
{
    private const int PieceBytes = 32 << 10;

    private readonly ReadOnlySpan<byte> _payload;
    private FrameOrder _order;

    /// <summary>Checks the payload's header.</summary>
    /// <exception cref="CorruptObjectException">It is not that of this run.</exception>
    public FrameWalker(KvGeometry geometry, long firstPosition, int count, ReadOnlySpan<byte> payload)
    {
        var header = KvPayloadHeader.Read(payload);
        header.RequireRun(firstPosition, count);
        _payload = payload;
        _order = new FrameOrder(geometry, header, payload.Length);
    }

    /// <summary>Header of the frame.</summary>
    public readonly KvFrameHeader Current => _order.Current;

    /// <summary>KV of the frame: [layer of the group][position][row].</summary>
    public readonly ReadOnlySpan<byte> Data => Frame[KvFrameHeader.SizeBytes..];

    private readonly ReadOnlySpan<byte> Frame => _payload[_order.Offset.._order.End];

    /// <summary>Goes to the next frame.</summary>
    /// <returns>Whether there is one; if not, the run was covered to its end and the payload ends here.</returns>
    /// <exception cref="CorruptObjectException">What is here is not the frame that belongs here.</exception>
    public bool MoveNext()
    {
        if (!_order.HasNext())
        {
            return false;
        }

        _order.Accept(_payload.Slice(_order.End, KvFrameHeader.SizeBytes));
        if (!_order.Current.IsPlain)
        {
            Verify(); // Only a sound header may say that a newer build is needed.
            throw _order.Unsupported();
        }

        return true;
    }

    /// <summary>Checks header and data of the frame against their checksum.</summary>
    /// <exception cref="CorruptObjectException">They are damaged.</exception>
    public readonly void Verify() => Require(XxHash3.HashToUInt64(Frame[KvFrameHeader.ChecksumBytes..]));

    /// <summary>Copies the frame, and checks it on the way, piece by piece, so that memory is read once.</summary>
    /// <param name="frameHash">Empty; empty again afterwards.</param>
    /// <param name="payloadHash">Receives the frame.</param>
    /// <param name="payload">Where the payload goes; the frame goes to its place in it.</param>
    /// <exception cref="CorruptObjectException">It is damaged.</exception>
    public readonly void CopyVerified(XxHash3 frameHash, XxHash3 payloadHash, Span<byte> payload)
    {
        var frame = Frame;
        for (var done = 0; done < frame.Length; done += PieceBytes)
        {
            var piece = frame.Slice(done, Math.Min(PieceBytes, frame.Length - done));
            payloadHash.Append(piece);
            frameHash.Append(done == 0 ? piece[KvFrameHeader.ChecksumBytes..] : piece);
            piece.CopyTo(payload[(_order.Offset + done)..]);
        }

        var hash = frameHash.GetCurrentHashAsUInt64();
        frameHash.Reset();
        Require(hash);
    }

    private readonly void Require(ulong hash)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(Frame) != hash)
        {
            throw _order.Damaged();
        }
    }
}
