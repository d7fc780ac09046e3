using System.IO.Hashing;
using Swarm.Core.Contexts;
using Swarm.Format.Frames;
using Swarm.Testing;
using Xunit;

namespace Swarm.Format.Tests.Frames;

/// <summary>Payloads received in place: what is marked is what was written, whatever arrives.</summary>
public sealed class KvPayloadReceiverTests
{
    [Fact]
    public void Receive_AnyRunIntoAnyPieces_WritesAndMarksWhatCountsAlone()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var samples = new Samples(seed);
            var geometry = samples.Geometry();
            var (first, written) = (samples.Random.Next(0, 1000), samples.Random.Next(1, 30));
            var count = samples.Random.Next(1, written + 1);
            var (source, payload) = Encode(geometry, first, written, samples.Random);
            var memory = new FakeKvMemory(geometry, first, count, samples.Random);
            var receiver = new KvPayloadReceiver(geometry, memory);
            var checksum = seed % 2 == 0 ? XxHash3.HashToUInt64(payload) : (ulong?)null;

            for (var again = 0; again < 2; again++)
            {
                if (again == 1)
                {
                    memory = new FakeKvMemory(geometry, first, count, samples.Random);
                    receiver = new KvPayloadReceiver(geometry, memory);
                    Receive(receiver, first, count, payload.AsSpan(0, samples.Random.Next(payload.Length)), checksum); // Whatever this one leaves in it.
                    Assert.NotNull(receiver.Fault);
                    memory.Forget();
                }

                Receive(receiver, first, count, payload, checksum);
                Assert.True(receiver.Fault is null, $"seed {seed}: {receiver.Fault}");
                Assert.Equal(count * geometry.Groups.Sum(group => group.Streams.Length), memory.Marked);
                Assert.True(memory.IsMarkedAsIn(source), $"seed {seed}: other bytes");
            }
        }
    }

    [Fact]
    public void Receive_AnyBitFlippedOrCut_NeverMarksOtherBytesAndReadsTheWholePayload()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var samples = new Samples(seed);
            var geometry = samples.Geometry();
            var (first, count) = (samples.Random.Next(0, 1000), samples.Random.Next(1, 10));
            var (source, good) = Encode(geometry, first, count, samples.Random);
            for (var round = 0; round < 50; round++)
            {
                byte[] payload = [.. good];
                if (round % 5 == 0)
                {
                    payload = payload[..samples.Random.Next(payload.Length)];
                }
                else
                {
                    payload[samples.Random.Next(payload.Length)] ^= (byte)(1 << samples.Random.Next(8));
                }

                var memory = new FakeKvMemory(geometry, first, count, samples.Random);
                var receiver = new KvPayloadReceiver(geometry, memory);
                Receive(receiver, first, count, payload, round % 2 == 0 ? XxHash3.HashToUInt64(good) : null);

                Assert.True(receiver.Fault is not null, $"seed {seed}, round {round}: nothing was noticed");
                Assert.True(memory.IsMarkedAsIn(source), $"seed {seed}, round {round}: other bytes were marked");
            }
        }
    }

    /// <summary>Sound KV, of the same positions, that was stored elsewhere: its frames carry the right checksums.</summary>
    [Fact]
    public void Receive_AnotherSoundPayload_IsAFaultWhereTheChecksumIsKnown()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var samples = new Samples(seed);
            var geometry = samples.Geometry();
            var (_, wanted) = Encode(geometry, 7, 3, samples.Random);
            var (_, other) = Encode(geometry, 7, 3, samples.Random);
            var memory = new FakeKvMemory(geometry, 7, 3, samples.Random);
            var receiver = new KvPayloadReceiver(geometry, memory);

            Receive(receiver, 7, 3, other, XxHash3.HashToUInt64(wanted));

            Assert.Contains("checksum", receiver.Fault, StringComparison.Ordinal);
            Assert.Equal(0, memory.Marked);
        }
    }

    /// <summary>A run that is at hand as a whole, in memory or somewhere in a file.</summary>
    [Fact]
    public void Receive_RunOfMemoryOrFile_WritesWhatWasStoredOrSaysWhyNot()
    {
        using var folder = new TempDirectory();
        for (var seed = 0; seed < 100; seed++)
        {
            var samples = new Samples(seed);
            var geometry = samples.Geometry();
            var (first, count) = (samples.Random.Next(0, 1000), samples.Random.Next(1, 20));
            var (source, good) = Encode(geometry, first, count, samples.Random);
            byte[] payload = [.. good];
            var isDamaged = samples.Random.Next(3) == 0;
            payload[samples.Random.Next(payload.Length)] ^= isDamaged ? (byte)8 : (byte)0;
            var memory = new FakeKvMemory(geometry, first, count, samples.Random);
            using var run = RunOf(samples.Random, folder.Combine($"{seed}"), first, count, payload, XxHash3.HashToUInt64(good));

            var fault = new KvPayloadReceiver(geometry, memory).Receive(run);

            Assert.Equal(isDamaged, fault is not null);
            Assert.Equal(isDamaged, memory.Marked == 0);
            Assert.True(memory.IsMarkedAsIn(source), $"seed {seed}: other bytes");
        }
    }

    [Fact]
    public void Receive_FileIsCut_SaysWhichOne()
    {
        using var folder = new TempDirectory();
        var geometry = KvGeometry.GroupedQuery(2, 1, 4, KvDType.Float32);
        var (_, payload) = Encode(geometry, 7, 3, new Random(1));
        var path = folder.Combine("kv");
        File.WriteAllBytes(path, payload[..^1]);
        using var run = KvRunData.InFile(7, 3, default, KvTier.Disk, KvFile.Open(path, 0, payload.Length), XxHash3.HashToUInt64(payload));
        var memory = new FakeKvMemory(geometry, 7, 3, new Random(1));

        var cut = Assert.Throws<EndOfStreamException>(() => new KvPayloadReceiver(geometry, memory).Receive(run));

        Assert.Contains(path, cut.Message, StringComparison.Ordinal);
        Assert.Equal(0, memory.Marked);
    }

    private static KvRunData RunOf(Random random, string path, int first, int count, byte[] payload, ulong checksum)
    {
        if (random.Next(2) == 0)
        {
            return new KvRunData(first, count, default, payload, KvTier.Memory, null) { Checksum = checksum };
        }

        var offset = random.Next(100);
        File.WriteAllBytes(path, [.. new byte[offset], .. payload, .. new byte[random.Next(9)]]);
        return KvRunData.InFile(first, count, default, KvTier.Disk, KvFile.Open(path, offset, payload.Length), checksum);
    }

    [Fact]
    public void Receive_CacheFull_SaysSoAndReadsTheWholePayload()
    {
        var geometry = KvGeometry.GroupedQuery(2, 1, 4, KvDType.Float32);
        var (_, payload) = Encode(geometry, 7, 3, new Random(1));
        var receiver = new KvPayloadReceiver(geometry, new FakeKvMemory(geometry, 7, 3, new Random(1)) { FullAt = 9 });

        Receive(receiver, 7, 3, payload);

        Assert.Contains("full", receiver.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(6, 3)]
    [InlineData(7, 4)]
    public void Receive_AnotherRun_IsAFault(int first, int count)
    {
        var geometry = KvGeometry.GroupedQuery(2, 1, 4, KvDType.Float32);
        var (_, payload) = Encode(geometry, 7, 3, new Random(1));
        var memory = new FakeKvMemory(geometry, first, count, new Random(1));
        var receiver = new KvPayloadReceiver(geometry, memory);

        Receive(receiver, first, count, payload);

        Assert.NotNull(receiver.Fault);
        Assert.Equal(0, memory.Marked);
    }

    [Fact]
    public void Receive_SoundPayload_AllocatesNothing()
    {
        var geometry = KvGeometry.GroupedQuery(2, 2, 64, KvDType.Float32);
        var (_, payload) = Encode(geometry, 0, 600, new Random(1));
        var receiver = new KvPayloadReceiver(geometry, new FlatMemory(geometry, 600));
        var checksum = XxHash3.HashToUInt64(payload);
        Receive(receiver, 0, 600, payload);
        Receive(receiver, 0, 600, payload, checksum);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(receiver, 0, 600, payload);
        Receive(receiver, 0, 600, payload, checksum);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Null(receiver.Fault);
    }

    private static void Receive(KvPayloadReceiver receiver, int first, int count, ReadOnlySpan<byte> payload, ulong? checksum = null)
    {
        var rest = payload;
        for (receiver.Begin(first, count, payload.Length, checksum); !receiver.Next.IsEmpty; receiver.Advance())
        {
            Assert.True(receiver.Next.Length <= rest.Length, "more was asked for than the payload has");
            rest[..receiver.Next.Length].CopyTo(receiver.Next.Span);
            rest = rest[receiver.Next.Length..];
        }

        Assert.True(rest.IsEmpty, "not all of the payload was asked for");
    }

    private static (FakeKv Source, byte[] Payload) Encode(KvGeometry geometry, int first, int count, Random random)
    {
        var source = new FakeKv(geometry, first, count);
        source.Fill(random);
        var payload = new byte[KvPayload.EncodedLength(geometry, first, count)];
        KvPayload.Encode(geometry, first, count, source.CopyOut, payload);
        return (source, payload);
    }

    /// <summary>One array, handed out whole.</summary>
    private sealed class FlatMemory(KvGeometry geometry, int positions) : IKvMemory
    {
        private readonly byte[] _rows = new byte[positions * geometry.BytesPerPosition];

        public Memory<byte> GetRows(int group, int stream, int layer, int firstPosition, int count)
        {
            var rowBytes = geometry.Groups[group].Streams[stream].RowBytes;
            return _rows.AsMemory(firstPosition * rowBytes, count * rowBytes);
        }

        public void MarkWritten(int group, int stream, int firstPosition, int count)
        {
            // Nothing to know.
        }
    }
}
