using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Core.Tests.Models;

/// <summary>The model fingerprint: what it covers, and its persisted encoding.</summary>
public sealed class ModelDescriptorTests
{
    private static readonly ModelDescriptor Model = new(
        "tiny", "{\"layers\":2}", new Digest256([.. Enumerable.Repeat((byte)0x11, 32)]), "float32",
        KvGeometry.GroupedQuery(2, 1, 4, KvDType.Float32), "rope", "bytes", "");

    // Computed apart from this code. If it fails, every stored context is of "another model": use a new label instead.
    [Fact]
    public void ComputeFingerprint_GoldenVector_IsStable() => Assert.Equal(
        "8fd60769b29820af59ee2c69719037d68e52cc6849922f1b94061d3b332e77f6", Model.ComputeFingerprint().ToString());

    [Fact]
    public void ComputeFingerprint_AnotherName_IsTheSame() =>
        Assert.Equal(Model.ComputeFingerprint(), (Model with { Name = "other" }).ComputeFingerprint());

    [Fact]
    public void ComputeFingerprint_AnyOtherFieldChanged_Differs()
    {
        ModelDescriptor[] models =
        [
            Model,
            Model with { Config = "{}" },
            Model with { WeightsDigest = default },
            Model with { ComputeDType = "bfloat16" },
            Model with { PositionEncoding = "none" },
            Model with { Tokenizer = "words" },
            Model with { Adapter = "lora" },
            Model with { Tokenizer = "byte", Adapter = "s" }, // Fields are framed: their border cannot move.
            Of(Group()),
            Of(Group() with { Kind = LayerGroupKind.Window, WindowPositions = 64 }),
            Of(Group() with { Kind = LayerGroupKind.Window, WindowPositions = 64, SinkPositions = 4 }),
            Of(Group() with { Kind = LayerGroupKind.Snapshot }),
            Of(Group() with { Layers = [0, 2] }),
            Of(Group() with { Layers = [0] }),
            Of(Group() with { Streams = [new KvStream("key", KvDType.Float32, 16)] }),
            Of(Group() with { Streams = [new KvStream("k", KvDType.Float16, 16)] }),
            Of(Group() with { Streams = [new KvStream("k", KvDType.Float32, 32)] }),
            Model with { Geometry = new KvGeometry(Model.Geometry.Groups, "pre-rope") },
        ];

        Assert.Equal(models.Length, models.Select(model => model.ComputeFingerprint()).Distinct().Count());

        static LayerGroup Group() => new(LayerGroupKind.Full, [0, 1], [new KvStream("k", KvDType.Float32, 16)]);

        static ModelDescriptor Of(LayerGroup group) => Model with { Geometry = new KvGeometry([group]) };
    }
}
