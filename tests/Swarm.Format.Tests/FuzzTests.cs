using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Core.Geometry;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Format.Tests.Golden;
using Xunit;

namespace Swarm.Format.Tests;

/// <summary>Hostile bytes, most of them with checksums that hold: a value or a typed error, and little memory.</summary>
public sealed class FuzzTests
{
    private const int Inputs = 20_000;
    private const int SlackBytes = 64 << 10; // Exceptions with their stack traces.
    private const int BytesPerByte = 32; // A list item of a few bytes becomes an object.

    private static readonly byte[][] Tokens =
    [
        [0xDD, 0xFF, 0xFF, 0xFF, 0xFF], [0xDC, 0xFF, 0xFF], [0xDF, 0x7F, 0xFF, 0xFF, 0xFF], // Arrays, a map.
        [0xC6, 0xFF, 0xFF, 0xFF, 0xFF], [0xC6, 0x7F, 0xFF, 0xFF, 0xFF], [0xDB, 0x7F, 0xFF, 0xFF, 0xFF], // Bytes, a text.
        [0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xD3, 0x80, 0, 0, 0, 0, 0, 0, 0], // Extreme numbers.
        [0xCF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xD2, 0x80, 0, 0, 0], [0xCE, 0x7F, 0xFF, 0xFF, 0xFF],
        [0xC0], [0xC1], [0xC9, 0x7F, 0xFF, 0xFF, 0xFF, 0x01], [0x90], [0x80], [0xA0], [0xCB, 0, 0, 0, 0, 0, 0, 0, 0],
    ];

    public static TheoryData<string> Names =>
        [.. GoldenObject.All.Select(golden => golden.Name).Where(name => name is not ("kv-payload" or "chunk"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_MutatedMetaUnderSoundChecksums_GivesAValueThatCanBeWrittenOrACorruptObject(string name)
    {
        var golden = GoldenObject.All.Single(golden => golden.Name == name).Encode();
        var random = new Random(1);
        var values = 0;
        for (var round = 0; round < Inputs; round++)
        {
            var content = Forge.WithMeta(golden, Mutate(Forge.Meta(golden), random));
            values += DecodeHeld(content, $"{name}, seed 1, round {round}") ? 1 : 0;
        }

        Assert.True(values > 0, "no mutation got through: the fuzz tests too little");
    }

    [Fact]
    public void Decode_RandomOrMutatedBytes_GivesACorruptObjectOrAValue()
    {
        var random = new Random(2);
        var goldens = GoldenObject.All.Select(golden => golden.Encode()).ToArray();
        for (var round = 0; round < Inputs; round++)
        {
            var content = new byte[random.Next(300)];
            random.NextBytes(content);
            content = random.Next(3) switch
            {
                0 => content,
                1 => Mutate(goldens[random.Next(goldens.Length)], random),
                _ => Forge.WithHeader(
                    goldens[random.Next(goldens.Length)],
                    header => header[random.Next(56)] = (byte)random.Next(256)),
            };
            DecodeHeld(content, $"seed 2, round {round}");
        }
    }

    [Fact]
    public void KvPayload_MutatedUnderSoundChecksums_HandsOutWantedPositionsOrIsCorrupt()
    {
        var random = new Random(3);
        var geometry = GoldenValues.Geometry;
        for (var round = 0; round < Inputs; round++)
        {
            byte[] payload = [.. GoldenValues.KvPayload];
            for (var count = random.Next(1, 4); count > 0; count--)
            {
                payload[random.Next(payload.Length)] = (byte)random.Next(256);
            }

            payload = random.Next(4) == 0 ? Mutate(payload, random) : payload;
            FixChecksums(payload, geometry);
            try
            {
                KvPayload.Verify(geometry, 100, 3, payload);
                KvPayload.Decode(geometry, 100, 3, payload, 101, 2, (group, stream, first, count, source) =>
                {
                    Assert.InRange(first, 101, 102);
                    Assert.InRange(count, 1, 103 - first);
                    Assert.Equal(count * geometry.Groups[group].FrameBytesPerPosition(stream), source.Length);
                });
            }
            catch (CorruptObjectException)
            {
                // What it is for.
            }
        }
    }

    /// <summary>Decodes as what the object says it is, within bounds of memory; a value must be one that can be written.</summary>
    private static bool DecodeHeld(byte[] content, string where)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Action? rewrite = null;
        try
        {
            rewrite = Decode(content);
        }
        catch (CorruptObjectException)
        {
            // What it is for.
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(
            allocated <= SlackBytes + ((long)content.Length * BytesPerByte),
            $"{where}: {allocated} bytes allocated for {content.Length}");
        rewrite?.Invoke();
        return rewrite is not null;
    }

    private static Action Decode(byte[] content)
    {
        switch (content.Length > 4 ? (ObjectKind)content[4] : ObjectKind.None)
        {
            case ObjectKind.Root:
                var root = ManifestCodec.DecodeRoot(content);
                return () => ManifestCodec.EncodeRoot(root with { IsReadOnly = false });
            case ObjectKind.ExtentPage:
                var extents = ManifestCodec.DecodeExtents(content);
                return () => ManifestCodec.EncodeExtents(extents);
            case ObjectKind.InputPage:
                var (startHash, runs) = ManifestCodec.DecodeInputs(content);
                return () => ManifestCodec.EncodeInputs(startHash, runs);
            case ObjectKind.StatePage:
                var states = ManifestCodec.DecodeStates(content);
                return () => ManifestCodec.EncodeStates(states);
            case ObjectKind.Tenant:
                var (name, key) = ManifestCodec.DecodeTenant(content);
                return () => ManifestCodec.EncodeTenant(name, key);
            case ObjectKind.Model:
                var model = ManifestCodec.DecodeModel(content);
                return () => ManifestCodec.EncodeModel(model);
            default:
                var segment = SegmentCodec.Decode(content, content.Length);
                return () => Samples.Encode(segment);
        }
    }

    private static byte[] Mutate(ReadOnlySpan<byte> content, Random random)
    {
        var mutated = new List<byte>([.. content]);
        for (var count = random.Next(1, 4); count > 0 && mutated.Count > 0; count--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(6))
            {
                case 0:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 2:
                    mutated.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    mutated.RemoveRange(at, random.Next(1, Math.Min(8, mutated.Count - at) + 1));
                    break;
                case 4:
                    mutated.RemoveRange(at, 1);
                    mutated.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                default:
                    var from = random.Next(mutated.Count);
                    mutated.InsertRange(at, mutated.GetRange(from, random.Next(Math.Min(64, mutated.Count - from) + 1)));
                    break;
            }
        }

        return [.. mutated];
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
                var length = FrameHeader.SizeBytes + (3 * group.FrameBytesPerPosition(stream));
                if (rest.Length < length)
                {
                    return;
                }

                BinaryPrimitives.WriteUInt64LittleEndian(
                    rest, XxHash3.HashToUInt64(rest[FrameHeader.ChecksumBytes..length]));
                rest = rest[length..];
            }
        }
    }
}
