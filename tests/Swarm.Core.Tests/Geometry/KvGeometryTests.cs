using Xunit;

namespace Swarm.Core.Tests.Geometry;

/// <summary>KV geometry: sizes, equality, and what it refuses.</summary>
public sealed class KvGeometryTests
{
    [Fact]
    public void GroupedQuery_Sizes_FollowFromTheShape()
    {
        var geometry = KvGeometry.GroupedQuery(12, 4, 64, KvDType.Float32);

        Assert.Equal(12 * 2 * 4 * 64 * 4, geometry.BytesPerPosition);
        Assert.Equal((1 << 20) / (12 * 4 * 64 * 4), geometry.MaxFramePositions(0, 0));
        Assert.True(geometry.IsFullAttention);
    }

    [Fact]
    public void LatentAttention_HasStreamsOfDifferentSizes()
    {
        var geometry = KvGeometry.LatentAttention(2, 512, 64, KvDType.BFloat16);

        Assert.Equal(["latent", "rope"], geometry.Groups[0].Streams.Select(stream => stream.Name));
        Assert.Equal(2 * (512 + 64) * 2, geometry.BytesPerPosition);
    }

    [Fact]
    public void Equals_SameContent_IsEqualWithoutSharingArrays()
    {
        var (left, right) = (New(Group()), New(Group()));

        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.NotEqual(left, New(Group() with { Layers = [0, 2] }));
    }

    [Fact]
    public void New_InvalidGeometry_SaysWhatIsWrong()
    {
        (string Expected, Func<KvGeometry> Make)[] cases =
        [
            ("layer groups are needed", () => new KvGeometry([])),
            ("layer groups are needed", () => new KvGeometry(default)),
            ("Key form 'x' is unknown", () => new KvGeometry([Group()], "x")),
            ("kind 9 is unknown", () => New(Group() with { Kind = (LayerGroupKind)9 })),
            ("has no layers", () => New(Group() with { Layers = [] })),
            ("streams are needed", () => New(Group() with { Streams = [] })),
            ("streams are needed", () => New(Group() with { Streams = [.. Enumerable.Repeat(Stream(16), 9)] })),
            ("Layer 0 is in two places", () => New(Group(), Group())),
            ("Layer -1 is outside", () => New(Group() with { Layers = [-1] })),
            ("Layer 4096 is outside", () => New(Group() with { Layers = [4096] })),
            ("is not 1 to 32 long", () => New(Group() with { Streams = [Stream(16) with { Name = "" }] })),
            ("element type 0 is unknown", () => New(Group() with { Streams = [Stream(16) with { DType = 0 }] })),
            ("15 bytes are not a row", () => New(Group() with { Streams = [Stream(15)] })),
            ("0 bytes are not a row", () => New(Group() with { Streams = [Stream(0)] })),
            ("split the group", () => New(Group() with { Streams = [Stream((1 << 19) + 4)] })),
            ("Invalid KV geometry", () => New(Group() with { Kind = LayerGroupKind.Window })),
            ("Invalid KV geometry", () => New(Group() with { WindowPositions = 5 })),
        ];

        foreach (var (expected, make) in cases)
        {
            Assert.Contains(expected, Assert.Throws<ArgumentException>(make).Message, StringComparison.Ordinal);
        }
    }

    private static KvGeometry New(params LayerGroup[] groups) => new([.. groups]);

    private static LayerGroup Group() => new(LayerGroupKind.Full, [0, 1], [Stream(16)]);

    private static KvStream Stream(int rowBytes) => new("k", KvDType.Float32, rowBytes);
}
