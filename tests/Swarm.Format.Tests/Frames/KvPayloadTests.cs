using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Frames;
using Swarm.Format.Objects;
using Xunit;

namespace Swarm.Format.Tests.Frames;

/// <summary>KV payloads: every wanted byte comes back at its place, verified; nothing else does.</summary>
public sealed class KvPayloadTests
{
    private static readonly KvGeometry Tiny = KvGeometry.GroupedQuery(2, 1, 4, KvDType.Float32);

    [Fact]
    public void Decode_AnyPartOfAnyRun_GivesTheWrittenBytesOfThatPartAlone()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var samples = new Samples(seed);
            var geometry = samples.Geometry();
            var (first, count) = (samples.Random.Next(0, 1000), samples.Random.Next(1, 30));
            var skipped = samples.Random.Next(count);
            var wanted = samples.Random.Next(count - skipped + 1);
            var source = new FakeKv(geometry, first, count);
            source.Fill(samples.Random);
            var payload = Encode(source, first, count);

            var target = new FakeKv(geometry, first, count);
            KvPayload.Verify(geometry, first, count, payload);
            var copy = new byte[payload.Length];
            Assert.Equal(XxHash3.HashToUInt64(payload), KvPayload.CopyVerified(geometry, first, count, payload, copy));
            Assert.Equal(payload, copy);
            KvPayload.Decode(geometry, first, count, payload, first + skipped, wanted, target.CopyIn);

            Assert.True(target.Written == wanted * geometry.BytesPerPosition, $"seed {seed}: {target.Written} bytes");
            Assert.True(target.EqualsIn(source, first + skipped, wanted), $"seed {seed}: other bytes");
        }
    }

    [Fact]
    public void Encode_ManyPositions_MakesFramesOfAtMostOneMebibyte()
    {
        var geometry = KvGeometry.GroupedQuery(4, 4, 64, KvDType.Float32); // 4 KiB a position and stream.
        var (calls, largest) = (0, 0);
        var payload = new byte[KvPayload.EncodedLength(geometry, 0, 600)];

        KvPayload.Encode(
            geometry, 0, 600,
            (_, _, _, _, destination) => (calls, largest) = (calls + 1, Math.Max(largest, destination.Length)),
            payload);

        Assert.Equal((6, KvGeometry.MaxFrameBytes), (calls, largest)); // 256 + 256 + 88 positions, of K and V.
    }

    [Fact]
    public void Verify_AnyBitFlipped_IsCorrupt()
    {
        var payload = EncodeTiny(out _);
        for (var bit = 0; bit < payload.Length * 8; bit++)
        {
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(Tiny, 7, 3, payload));
            Assert.Throws<CorruptObjectException>(() => KvPayload.CopyVerified(Tiny, 7, 3, payload, new byte[payload.Length]));
            payload[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Verify_CutOrExtendedAnywhere_IsCorrupt()
    {
        var payload = EncodeTiny(out _);
        for (var length = 0; length < payload.Length; length++)
        {
            Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(Tiny, 7, 3, payload.AsSpan(0, length)));
        }

        Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(Tiny, 7, 3, [.. payload, 0]));
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(7, 2)]
    [InlineData(7, 4)]
    public void Verify_AnotherRun_IsCorrupt(long firstPosition, int count)
    {
        var payload = EncodeTiny(out _);

        Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(Tiny, firstPosition, count, payload));
    }

    [Fact]
    public void Verify_AnotherGeometry_IsCorrupt()
    {
        var payload = EncodeTiny(out _);
        var other = KvGeometry.GroupedQuery(2, 1, 8, KvDType.Float32);

        Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(other, 7, 3, payload));
    }

    [Theory]
    [InlineData(16)] // Shard rank.
    [InlineData(18)] // Shards.
    [InlineData(20)] // Codec.
    [InlineData(22)] // Cipher.
    [InlineData(24)] // Codec parameter.
    [InlineData(28)] // Key version.
    public void Verify_SoundFrameOfANewerKind_IsUnsupported(int offset)
    {
        var payload = EncodeTiny(out _);
        var frame = payload.AsSpan(
            KvPayloadHeader.SizeBytes, KvFrameHeader.SizeBytes + (3 * Tiny.Groups[0].FrameBytesPerPosition(0)));
        frame[offset] += 5;
        BinaryPrimitives.WriteUInt64LittleEndian(frame, XxHash3.HashToUInt64(frame[KvFrameHeader.ChecksumBytes..]));

        var fault = Assert.Throws<CorruptObjectException>(() => KvPayload.Verify(Tiny, 7, 3, payload));

        Assert.True(fault.IsUnsupported, fault.Message);
    }

    [Fact]
    public void Decode_SecondFrameDamaged_HandsOutTheFirstAlone()
    {
        var payload = EncodeTiny(out var source);
        payload[^1] ^= 1;
        var target = new FakeKv(Tiny, 7, 3);

        var fault = Assert.Throws<CorruptObjectException>(
            () => KvPayload.Decode(Tiny, 7, 3, payload, 7, 3, target.CopyIn));

        Assert.Contains("frame 1", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3 * Tiny.BytesPerPosition / 2, target.Written);
    }

    [Fact]
    public void Decode_WholeFrames_AllocatesNothing()
    {
        var payload = EncodeTiny(out _);
        long seen = 0;
        KvCopyIn copyIn = (_, _, _, _, source) => seen += source.Length;
        KvPayload.Decode(Tiny, 7, 3, payload, 7, 3, copyIn);

        var before = GC.GetAllocatedBytesForCurrentThread();
        KvPayload.Decode(Tiny, 7, 3, payload, 7, 3, copyIn);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Encode_PositionsOutsideARuntime_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => KvPayload.Encode(Tiny, int.MaxValue - 2L, 3, (_, _, _, _, _) => { }, new byte[1 << 12]));

    [Fact]
    public void EncodedLength_OverTheLimit_SaysWhatToDo()
    {
        var fault = Assert.Throws<ArgumentOutOfRangeException>(() => KvPayload.EncodedLength(Tiny, 0, 1 << 20));

        Assert.Contains("append shorter runs", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(9, 2)]
    [InlineData(7, -1)]
    public void Decode_WantedOutsideTheRun_Throws(long wantFirst, int wantCount)
    {
        var payload = EncodeTiny(out var source);

        Assert.Throws<ArgumentOutOfRangeException>(
            () => KvPayload.Decode(Tiny, 7, 3, payload, wantFirst, wantCount, source.CopyIn));
    }

    private static byte[] EncodeTiny(out FakeKv source)
    {
        source = new FakeKv(Tiny, 7, 3);
        source.Fill(new Random(1));
        return Encode(source, 7, 3);
    }

    private static byte[] Encode(FakeKv source, long first, int count)
    {
        var payload = new byte[KvPayload.EncodedLength(source.Geometry, first, count)];
        Assert.Equal(payload.Length, KvPayload.Encode(source.Geometry, first, count, source.CopyOut, payload));
        return payload;
    }
}
