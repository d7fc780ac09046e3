using Swarm.Format.Frames;
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

            for (var again = 0; again < 2; again++)
            {
                if (again == 1)
                {
                    memory = new FakeKvMemory(geometry, first, count, samples.Random);
                    receiver = new KvPayloadReceiver(geometry, memory);
                    Receive(receiver, first, count, payload.AsSpan(0, samples.Random.Next(payload.Length))); // Whatever this one leaves in it.
                    Assert.NotNull(receiver.Fault);
                    memory.Forget();
                }

                Receive(receiver, first, count, payload);
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
                Receive(receiver, first, count, payload);

                Assert.True(receiver.Fault is not null, $"seed {seed}, round {round}: nothing was noticed");
                Assert.True(memory.IsMarkedAsIn(source), $"seed {seed}, round {round}: other bytes were marked");
            }
        }
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
        Receive(receiver, 0, 600, payload);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Receive(receiver, 0, 600, payload);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Null(receiver.Fault);
    }

    private static void Receive(KvPayloadReceiver receiver, int first, int count, ReadOnlySpan<byte> payload)
    {
        var rest = payload;
        for (receiver.Begin(first, count, payload.Length); !receiver.Next.IsEmpty; receiver.Advance())
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
