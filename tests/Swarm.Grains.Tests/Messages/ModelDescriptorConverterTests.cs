using Swarm.Core.Identity;
using Swarm.Grains.Abstractions;
using Xunit;

namespace Swarm.Grains.Tests.Messages;

/// <summary>A model descriptor crosses a grain call unchanged, and a malformed one does not arrive.</summary>
public sealed class ModelDescriptorConverterTests
{
    private readonly ModelDescriptorConverter _converter = new();

    [Fact]
    public void Convert_EveryField_ComesBackEqual()
    {
        var geometry = new KvGeometry(
            [
                new LayerGroup(
                    LayerGroupKind.Full,
                    [0, 2],
                    [new KvStream("k", KvDType.BFloat16, 64), new KvStream("v", KvDType.Float8E4M3, 32)]),
                new LayerGroup(LayerGroupKind.Window, [1, 3], [new KvStream("latent", KvDType.Float16, 16)], 128, 4),
                new LayerGroup(LayerGroupKind.Snapshot, [4], [new KvStream("s", KvDType.Bytes, 5)]),
            ],
            "pre-rope");
        var model = new ModelDescriptor(
            "name", "config", Digest256.Sha256("w"u8), "bfloat16", geometry, "rope", "tokenizer", "adapter");

        var back = _converter.ConvertFromSurrogate(_converter.ConvertToSurrogate(model));

        Assert.Equal(model, back);
        Assert.Equal(model.ComputeFingerprint(), back.ComputeFingerprint());
    }

    [Fact]
    public void ConvertFrom_UnsetSurrogate_Throws() =>
        Assert.ThrowsAny<ArgumentException>(() => _converter.ConvertFromSurrogate(default));
}
