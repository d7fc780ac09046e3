using System.Buffers;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Xunit;

namespace Swarm.Format.Tests.Segments;

/// <summary>Segments and seals: what goes in comes out, with own payload located.</summary>
public sealed class SegmentCodecTests
{
    [Fact]
    public void Decode_AnySegment_GivesItBackWithPayloadLocated()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var segment = new Samples(seed).Segment();
            var content = SegmentCodec.Encode(segment, [Samples.Payload], out var payloadStart).ToArray();

            var decoded = SegmentCodec.Decode(content, content.Length);

            Assert.True(Fields.Show(SegmentCodecAssert.Located(segment, payloadStart)) == Fields.Show(decoded), $"seed {seed}");
            Assert.Equal(payloadStart, SegmentCodec.IndexEnd(content));
            Assert.Equal(Samples.Payload.ToArray(), content.AsSpan((int)payloadStart).ToArray());
        }
    }

    [Fact]
    public void Decode_IndexAlone_IsEnough()
    {
        var segment = new Samples(1).Segment(RecordType.Kv, RecordType.Tokens);
        var content = Samples.Encode(segment, Samples.Payload);

        var decoded = SegmentCodec.Decode(content.AsSpan(0, SegmentCodec.IndexEnd(content)), content.Length);

        Assert.Equal(2, decoded.Records.Count);
    }

    [Fact]
    public void Decode_Seal_IsASealOfTheSameWriter()
    {
        var seal = new Samples(2).Seal();
        var content = Samples.Encode(seal);

        Assert.Equal(Fields.Show(seal), Fields.Show(SegmentCodec.Decode(content, content.Length)));
    }

    [Fact]
    public void Encode_PayloadInParts_ChainsThemInOrder()
    {
        var segment = new Samples(3).Segment(RecordType.Epoch);

        var sequence = SegmentCodec.Encode(
            segment, [new byte[] { 1, 2 }, ReadOnlyMemory<byte>.Empty, new byte[] { 3 }], out var payloadStart);

        Assert.Equal([1, 2, 3], sequence.Slice(payloadStart).ToArray());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Decode_ObjectOfAnotherLength_IsCorrupt(int difference)
    {
        var content = Samples.Encode(new Samples(4).Segment(RecordType.Tokens), Samples.Payload);

        Assert.Throws<CorruptObjectException>(() => SegmentCodec.Decode(content, content.Length + difference));
    }

    [Fact]
    public void Encode_PayloadOutsideTheArea_Throws()
    {
        var segment = new Samples(5).Segment(RecordType.Kv);
        var kv = (KvRecord)segment.Records[0];
        segment = segment with { Records = [kv with { Payload = new PayloadRef(default, 190, 11, 0) }] };

        var fault = Assert.Throws<ArgumentException>(() => Samples.Encode(segment, Samples.Payload));

        Assert.Contains("outside the payload area of 200", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_SealWithRecords_Throws()
    {
        var segment = new Samples(6).Segment(RecordType.Trim) with { IsSeal = true };

        Assert.Throws<ArgumentException>(() => Samples.Encode(segment));
    }
}
