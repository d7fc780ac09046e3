using System.Diagnostics;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Tests.Golden;

/// <summary>The values behind the golden frames. Never change one: add another with a file of its own.</summary>
internal static class GoldenValues
{
    public const ulong Epoch = 7;
    public const long KvFirst = 64;
    public const int KvCount = 2;

    public static byte[] Secret { get; } = [.. Enumerable.Range(0, SessionSecret.SizeBytes).Select(value => (byte)value)];

    public static TraceContext Trace { get; } = new(
        ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"), ActivitySpanId.CreateFromString("b7ad6b7169203331"), 1);

    public static Digest256 Digest { get; } = new([.. Enumerable.Range(0, Digest256.SizeBytes).Select(value => (byte)(0x40 + value))]);

    public static KvGeometry Geometry { get; } = new(
        [new LayerGroup(LayerGroupKind.Full, [0], [new KvStream("k", KvDType.Float32, 8), new KvStream("v", KvDType.BFloat16, 4)])]);

    public static byte[] KvPayload { get; } = EncodeKv();

    public static KvHead Append { get; } = new(KvFirst, KvCount, KvTier.None, Digest);

    public static KvHead Run { get; } = Append with { Tier = KvTier.Blob };

    public static KvHead CheckedRun { get; } = Run with { Checksum = 0x0123_4567_89ab_cdef };

    public static Attached Attached { get; } = new(
        1, Epoch, new Watermarks(64, 60), Digest, 64, [.. Secret.Reverse()], 4 << 20);

    public static InputList Inputs { get; } = new(
        new InputRun(64, new[] { 5, 300, 70_000 }, new[] { 2, 1 }), new StateList([]));

    public static StateList States { get; } = new(
        [new NamedState("sampler/rng", 67, new byte[] { 1, 2, 3 }), new NamedState("tracker", 0, ReadOnlyMemory<byte>.Empty)]);

    public static InputList InputsAndStates { get; } = new(
        new InputRun(67, new[] { int.MaxValue }, new[] { 1 }), States);

    public static DurableState Durable { get; } = new(Epoch, new Watermarks(67, 60));

    public static Refused Refused { get; } = new(new Refusal(
        RefusalCode.StaleEpoch, "Epoch 7 does not hold the context.", new Epoch(8), 0, "drone-b"));

    public static Refused ConnectionRefused { get; } = new(new Refusal(RefusalCode.Unauthorized, "Größe"));

    private static byte[] EncodeKv()
    {
        var payload = new byte[Format.Frames.KvPayload.EncodedLength(Geometry, KvFirst, KvCount)];
        Format.Frames.KvPayload.Encode(
            Geometry, KvFirst, KvCount,
            (group, stream, first, _, destination) =>
            {
                for (var index = 0; index < destination.Length; index++)
                {
                    destination[index] = (byte)((group * 64) + (stream * 32) + first + index);
                }
            },
            payload);
        return payload;
    }
}
