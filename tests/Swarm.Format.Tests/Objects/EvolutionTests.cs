using System.Buffers.Binary;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Format.Tests.Golden;
using Xunit;

namespace Swarm.Format.Tests.Objects;

/// <summary>How the format may grow: what this build skips, and what it says it is too old for.</summary>
public sealed class EvolutionTests
{
    private static readonly byte[] Tenant = ManifestCodec.EncodeTenant(GoldenValues.Tenant.Name, GoldenValues.Tenant.Key);

    [Theory]
    [InlineData(4, 200)] // Kind.
    [InlineData(5, 2)] // Version.
    [InlineData(6, 2)] // Checksum algorithm.
    [InlineData(8, 72)] // Header length.
    [InlineData(12, 1)] // Incompatible features.
    [InlineData(15, 128)]
    public void Decode_SoundHeaderOfANewerBuild_IsUnsupported(int offset, byte value)
    {
        var content = Forge.WithHeader(Tenant, header => header[offset] = value);

        var fault = Assert.Throws<CorruptObjectException>(() => ManifestCodec.DecodeTenant(content));

        Assert.True(fault.IsUnsupported, fault.Message);
    }

    [Theory]
    [InlineData(16)] // Read-only compatible features.
    [InlineData(20)] // Compatible features.
    public void Decode_FeatureThatMayBeRead_IsRead(int offset)
    {
        var content = Forge.WithHeader(Tenant, header => header[offset] = 1);

        Assert.Equal("acme", ManifestCodec.DecodeTenant(content).Name);
    }

    [Fact]
    public void Decode_ObjectOfAnotherKind_IsCorruptButNotUnsupported()
    {
        var fault = Assert.Throws<CorruptObjectException>(() => ManifestCodec.DecodeRoot(Tenant));

        Assert.False(fault.IsUnsupported);
        Assert.Equal("Tenant where Root is needed.", fault.Message);
    }

    [Fact]
    public void Decode_UnknownTrailingFields_AreSkippedWhateverTheyAre()
    {
        byte[][] fields =
        [
            [0xC0],
            [0x92, 0x01, 0x81, 0xA1, 0x61, 0xC4, 0x01, 0x07], // [1, {"a": h'07'}]
            [0xD4, 0x05, 0x06], // An extension type.
        ];
        // Offsets of payloads would move. Of the others one field more is known, and there in "root-loss" and "seal-collected".
        string[] others = ["kv-payload", "root", "root-closed", "root-fork", "seal", "seal-assured"];
        foreach (var golden in GoldenObject.All.Where(
            golden => !others.Contains(golden.Name) && !golden.Name.StartsWith("segment", StringComparison.Ordinal)))
        {
            foreach (var field in fields)
            {
                var content = golden.Encode();
                var grown = Forge.WithMeta(content, Forge.AppendField(Forge.Meta(content), field));

                Assert.Equal(golden.Expected(), golden.Decode(grown));
            }
        }
    }

    [Fact]
    public void Decode_NestingThatWouldExhaustTheStack_IsSkippedOrRefused()
    {
        var deep = new byte[4 << 20];
        Array.Fill<byte>(deep, 0x91); // An array of one array of one array …
        deep[^1] = 0xC0;

        var content = Forge.WithMeta(Tenant, Forge.AppendField(Forge.Meta(Tenant), deep));

        Assert.Equal("acme", ManifestCodec.DecodeTenant(content).Name);
    }

    [Fact]
    public void Decode_UnknownRecordThatMayBeSkipped_IsSkipped()
    {
        var content = SegmentWithRecordOf(type: 0x21);

        var segment = SegmentCodec.Decode(content, content.Length);

        Assert.Equal([RecordType.Trim], segment.Records.Select(record => record.Type));
    }

    [Fact]
    public void Decode_UnknownRecordThatIsCritical_IsUnsupported()
    {
        var content = SegmentWithRecordOf(type: 0xA1);

        var fault = Assert.Throws<CorruptObjectException>(() => SegmentCodec.Decode(content, content.Length));

        Assert.True(fault.IsUnsupported, fault.Message);
    }

    [Fact]
    public void IndexEnd_IndexOverTheLimit_IsCorruptAndAllocatesNothingForIt()
    {
        var content = Forge.WithHeader(
            Samples.Encode(GoldenValues.Seal),
            header => BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), uint.MaxValue));

        Assert.Throws<CorruptObjectException>(() => SegmentCodec.IndexEnd(content));
    }

    private static byte[] SegmentWithRecordOf(byte type)
    {
        var content = Samples.Encode(GoldenValues.SegmentOf(RecordType.Trim));
        var meta = Forge.Meta(content);
        var lastArray = meta.AsSpan().LastIndexOf((byte)0x91); // The list of its one record.
        meta[lastArray] = 0x92;
        return Forge.WithMeta(content, [.. meta, 0x92, 0xCC, type, 0xC4, 0x02, 0xFF, 0xFF]);
    }
}
