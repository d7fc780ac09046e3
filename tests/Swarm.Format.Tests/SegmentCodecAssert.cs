using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Tests;

/// <summary>What decoding a segment has to give back.</summary>
internal static class SegmentCodecAssert
{
    /// <summary>The segment with its own payload references absolute and their object named.</summary>
    public static Segment Located(Segment segment, long payloadStart)
    {
        return segment with
        {
            Records = [.. segment.Records.Select(record => record switch
            {
                KvRecord kv => kv with { Payload = Absolute(kv.Payload) },
                InputRecord input => input with { Payload = Absolute(input.Payload) },
                _ => record,
            })],
        };

        PayloadRef Absolute(PayloadRef payload) => payload.Object != default
            ? payload
            : payload with
            {
                Object = ObjectRef.Segment(segment.Writer, segment.Sequence),
                Offset = payload.Offset + payloadStart,
            };
    }
}
