using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Format.Tests.Frames;
using Swarm.Format.Tests.Golden;
using Swarm.Testing.Fuzzing;
using Xunit;

namespace Swarm.Format.Tests;

/// <summary>
/// Hostile bytes, most of them with checksums that hold: a value or a typed error, and little memory. A long run:
/// <c>SWARM_FUZZ_INPUTS=500000</c>, see <see cref="FuzzRun"/>.
/// </summary>
public sealed class FuzzTests
{
    private const string Corpus = "tests/Swarm.Format.Tests/Corpus/";

    public static TheoryData<string> Names =>
        [.. GoldenObject.All.Select(golden => golden.Name).Where(name => name is not ("kv-payload" or "chunk"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_MutatedMetaUnderSoundChecksums_GivesAValueThatCanBeWrittenOrACorruptObject(string name)
    {
        var golden = GoldenObject.All.Single(golden => golden.Name == name).Encode();

        var values = new FuzzRun(name, $"{Corpus}{name}.txt").Run(
            [golden],
            (content, random) => Forge.WithMeta(content, Mutator.Mutate(Forge.Meta(content), random)),
            Decode,
            error => error is CorruptObjectException);

        Assert.True(values > 0, "no mutation got through: the fuzz tests too little");
    }

    [Fact]
    public void Decode_RandomOrMutatedBytes_GivesACorruptObjectOrAValue()
    {
        new FuzzRun("bytes", Corpus + "bytes.txt").Run(
            [.. GoldenObject.All.Select(golden => golden.Encode())],
            (content, random) => random.Next(3) switch
            {
                0 => RandomBytes(random),
                1 => Mutator.Mutate(content, random),
                _ when content.Length < ObjectHeader.SizeBytes => Mutator.Mutate(content, random),
                _ => Forge.WithHeader(content, header => header[random.Next(56)] = (byte)random.Next(256)),
            },
            Decode,
            error => error is CorruptObjectException);
    }

    [Fact]
    public void LogIndex_HeadsMutatedUnderSoundChecksums_GivesTheSegmentsOrIsCorrupt()
    {
        var heads = GoldenValues.Indexed.Select(segment => SegmentHead(segment)).ToArray();

        var values = new FuzzRun("log-index-heads", Corpus + "log-index-heads.txt").Run(
            heads,
            (head, random) => Forge.WithMeta(head, Mutator.Mutate(Forge.Meta(head), random)),
            head =>
            {
                var content = LogIndexCodec.Encode(GoldenValues.Indexed[0].Writer, 3, [heads[0], head, heads[2]]).ToArray();
                var index = LogIndexCodec.Decode(content);
                Assert.Equal([3, 4, 5], index.Segments.Select(segment => segment.Sequence));
                return new FuzzOutcome($"{index.Segments[1].Records.Count}");
            },
            error => error is CorruptObjectException);

        Assert.True(values > 0, "no mutation got through: the fuzz tests too little");
    }

    [Fact]
    public void KvPayload_MutatedUnderSoundChecksums_HandsOutWantedPositionsOrIsCorrupt()
    {
        var geometry = GoldenValues.Geometry;
        new FuzzRun("kv-payload", Corpus + "kv-payload.txt").Run(
            [GoldenValues.KvPayload],
            (content, random) =>
            {
                byte[] payload = [.. content];
                for (var count = random.Next(1, 4); count > 0 && payload.Length > 0; count--)
                {
                    payload[random.Next(payload.Length)] = (byte)random.Next(256);
                }

                payload = random.Next(4) == 0 ? Mutator.Mutate(payload, random) : payload;
                FixChecksums(payload, geometry);
                return payload;
            },
            payload =>
            {
                var received = Receive(geometry, payload);
                KvPayload.Verify(geometry, 100, 3, payload);
                Assert.True(received is null, $"received in place, a sound payload is refused: {received}");
                KvPayload.Decode(geometry, 100, 3, payload, 101, 2, (group, stream, first, count, source) =>
                {
                    Assert.InRange(first, 101, 102);
                    Assert.InRange(count, 1, 103 - first);
                    Assert.Equal(count * geometry.Groups[group].FrameBytesPerPosition(stream), source.Length);
                });
                return new FuzzOutcome("value");
            },
            error => error is CorruptObjectException);
    }

    /// <summary>Receives a payload in place.</summary>
    /// <returns>What is wrong with it.</returns>
    private static string? Receive(KvGeometry geometry, byte[] payload)
    {
        var receiver = new KvPayloadReceiver(geometry, new FakeKvMemory(geometry, 100, 3, new Random(1)));
        var rest = payload.AsSpan();
        for (receiver.Begin(100, 3, payload.Length); !receiver.Next.IsEmpty; receiver.Advance())
        {
            rest[..receiver.Next.Length].CopyTo(receiver.Next.Span); // Throws where more is asked for than there is.
            rest = rest[receiver.Next.Length..];
        }

        Assert.True(rest.IsEmpty, "not all of the payload was asked for");
        return receiver.Fault;
    }

    /// <summary>Decodes as what the object says it is; a value must be one that can be written.</summary>
    private static FuzzOutcome Decode(byte[] content)
    {
        switch (content.Length > 4 ? (ObjectKind)content[4] : ObjectKind.None)
        {
            case ObjectKind.Root:
                var root = ManifestCodec.DecodeRoot(content);
                return new($"root {root.State} {root.Tails.Length} {root.ExtentPages.Length}", () => ManifestCodec.EncodeRoot(root with { IsReadOnly = false }));
            case ObjectKind.ExtentPage:
                var extents = ManifestCodec.DecodeExtents(content);
                return new($"extents {extents.Count}", () => ManifestCodec.EncodeExtents(extents));
            case ObjectKind.InputPage:
                var (startHash, runs) = ManifestCodec.DecodeInputs(content);
                return new($"inputs {runs.Count}", () => ManifestCodec.EncodeInputs(startHash, runs));
            case ObjectKind.StatePage:
                var states = ManifestCodec.DecodeStates(content);
                return new($"states {states.Count}", () => ManifestCodec.EncodeStates(states));
            case ObjectKind.Tenant:
                var (name, key) = ManifestCodec.DecodeTenant(content);
                return new("tenant", () => ManifestCodec.EncodeTenant(name, key));
            case ObjectKind.Store:
                var identity = ManifestCodec.DecodeStore(content);
                return new("store", () => ManifestCodec.EncodeStore(identity));
            case ObjectKind.Model:
                var model = ManifestCodec.DecodeModel(content);
                return new("model", () => ManifestCodec.EncodeModel(model));
            case ObjectKind.LogIndex:
                return new($"index {LogIndexCodec.Decode(content).Segments.Count}");
            case ObjectKind.LogDamage:
                var lost = LogDamageCodec.Decode(content);
                return new($"lost {lost.Behind}", () => LogDamageCodec.Encode(lost));
            case ObjectKind.Chunk:
                return new($"chunk {ChunkCodec.PayloadStart(content, content.Length)}");
            default:
                var segment = SegmentCodec.Decode(content, content.Length);
                return new($"segment {string.Join('-', segment.Records.Take(4).Select(record => record.Type))}", () => Samples.Encode(segment));
        }
    }

    private static byte[] SegmentHead(Segment segment) => [.. Samples.Head(segment, GoldenValues.KvPayload).Span];

    private static byte[] RandomBytes(Random random)
    {
        var content = new byte[random.Next(300)];
        random.NextBytes(content);
        return content;
    }

    private static void FixChecksums(byte[] payload, KvGeometry geometry)
    {
        if (payload.Length < KvPayloadHeader.SizeBytes)
        {
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(40), XxHash3.HashToUInt64(payload.AsSpan(0, 40)));
        var rest = payload.AsSpan(KvPayloadHeader.SizeBytes);
        foreach (var group in geometry.Groups)
        {
            for (var stream = 0; stream < group.Streams.Length; stream++)
            {
                var length = KvFrameHeader.SizeBytes + (3 * group.FrameBytesPerPosition(stream));
                if (rest.Length < length)
                {
                    return;
                }

                BinaryPrimitives.WriteUInt64LittleEndian(
                    rest, XxHash3.HashToUInt64(rest[KvFrameHeader.ChecksumBytes..length]));
                rest = rest[length..];
            }
        }
    }
}
