using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Xunit;

namespace Swarm.Format.Tests.Segments;

/// <summary>Log indexes: the same segments as the objects that they stand for, and no others.</summary>
public sealed class LogIndexCodecTests
{
    [Fact]
    public void Decode_AnySegments_AreThoseOfTheirOwnObjects()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var segments = Log(seed, 1 + (seed % 40));

            var index = LogIndexCodec.Decode(Samples.EncodeIndex(segments, Samples.Payload));

            Assert.Equal((segments[0].Writer, segments[0].Sequence), (index.Writer, index.First));
            var read = segments.Select(segment => Samples.Encode(segment, Samples.Payload))
                .Select(content => SegmentCodec.Decode(content, content.Length)).ToArray();
            Assert.True(Fields.Show(read) == Fields.Show(index.Segments), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData("order")]
    [InlineData("gap")]
    [InlineData("writer")]
    [InlineData("seal")]
    public void Decode_SegmentsThatDoNotFollow_IsCorrupt(string fault)
    {
        var segments = Log(1, 3);
        var wrong = fault switch
        {
            "order" => [segments[0], segments[2], segments[1]],
            "gap" => [segments[0], segments[1], segments[2] with { Sequence = segments[2].Sequence + 1 }],
            "writer" => [segments[0], segments[1] with { Writer = new Samples(9).Id() }, segments[2]],
            _ => (Segment[])[segments[0], segments[1], segments[2] with { IsSeal = true, Records = [] }],
        };

        // A seal has no payload: none has any here.
        Assert.Throws<CorruptObjectException>(() => LogIndexCodec.Decode(Samples.EncodeIndex(wrong, default)));
    }

    [Fact]
    public void Encode_NoSegmentOrTooMany_Throws()
    {
        var head = Samples.Head(Log(1, 1)[0], Samples.Payload);
        Assert.Throws<ArgumentException>(() => LogIndexCodec.Encode(default, 0, []));
        Assert.Throws<ArgumentException>(() => LogIndexCodec.Encode(
            default, 0, [.. Enumerable.Repeat(head, LogIndexCodec.MaxSegments + 1)]));
    }

    private static Segment[] Log(int seed, int count)
    {
        var samples = new Samples(seed);
        var (writer, first) = (samples.Id(), (ulong)samples.Random.Next());
        return
        [
            .. Enumerable.Range(0, count).Select(number =>
                samples.Segment(seed == 1 ? [RecordType.Epoch] : []) with { Writer = writer, Sequence = first + (ulong)number }),
        ];
    }
}
