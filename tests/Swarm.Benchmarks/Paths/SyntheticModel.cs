
namespace Swarm.Benchmarks.Paths;

/// <summary>A model of which only the shape of its KV is used.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Geometry">Its KV.</param>
internal sealed record SyntheticModel(string Name, KvGeometry Geometry)
{
    /// <summary>Llama-3-8B: 128 KiB a position.</summary>
    public static SyntheticModel Llama8B { get; } = new(
        "llama-3-8b", KvGeometry.GroupedQuery(layers: 32, kvHeads: 8, headDim: 128, KvDType.BFloat16));

    /// <summary>Llama-3-70B: 320 KiB a position.</summary>
    public static SyntheticModel Llama70B { get; } = new(
        "llama-3-70b", KvGeometry.GroupedQuery(layers: 80, kvHeads: 8, headDim: 128, KvDType.BFloat16));

    /// <summary>DeepSeek-V3's latent attention: about 69 KiB a position.</summary>
    public static SyntheticModel DeepSeekMla { get; } = new(
        "deepseek-mla", KvGeometry.LatentAttention(layers: 61, latentDim: 512, ropeDim: 64, KvDType.BFloat16));

    /// <summary>What identifies it.</summary>
    public ModelDescriptor Describe() => FilledStore.Describe(Name, Geometry);
}
