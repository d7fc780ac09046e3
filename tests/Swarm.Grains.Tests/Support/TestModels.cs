using System.Text;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Frames;

namespace Swarm.Grains.Tests.Support;

/// <summary>Models for requests; none of them is ever run.</summary>
internal static class TestModels
{
    public static ModelDescriptor Tiny(string weights = "weights") => new(
        "tiny",
        "{\"layers\":2}",
        Digest256.Sha256(Encoding.UTF8.GetBytes(weights)),
        "float32",
        KvGeometry.GroupedQuery(layers: 2, kvHeads: 1, headDim: 4, KvDType.Float32),
        "rope:10000",
        "bytes",
        "");

    /// <summary>KV of zeros of all of some inputs.</summary>
    public static KvAppend Kv(TenantKey key, ModelDescriptor model, ReadOnlySpan<int> tokens)
    {
        var hasher = new PrefixHasher(key, model.ComputeFingerprint());
        hasher.Append(tokens);
        var frames = new byte[KvPayload.EncodedLength(model.Geometry, 0, tokens.Length)];
        KvPayload.Encode(model.Geometry, 0, tokens.Length, static (_, _, _, _, destination) => destination.Clear(), frames);
        return new KvAppend(0, tokens.Length, hasher.Current(), frames);
    }
}
