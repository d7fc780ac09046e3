namespace Swarm.Inference.Configuration;

/// <summary>
/// Shape of multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values of all heads are projections of one latent vector, and
/// one rotated key beside it, which alone are cached.
/// </summary>
/// <param name="QueryRank">Width of the compressed query, <c>q_lora_rank</c>; <see langword="null"/> where queries are not compressed.</param>
/// <param name="KvRank">Width of the latent, <c>kv_lora_rank</c>.</param>
/// <param name="PlainHeadDim">Elements of a head's query and key that are not rotated, <c>qk_nope_head_dim</c>.</param>
/// <param name="RotaryHeadDim">Elements of a head's query, and of the shared key, that are rotated, <c>qk_rope_head_dim</c>; even.</param>
/// <param name="ValueHeadDim">Elements of a head's value, <c>v_head_dim</c>.</param>
public sealed record LatentShape(int? QueryRank, int KvRank, int PlainHeadDim, int RotaryHeadDim, int ValueHeadDim)
{
    /// <summary>Added to the mean square where queries and latents are normalised: transformers' constant, not <c>rms_norm_eps</c>.</summary>
    internal const double NormEpsilon = 1e-6;

    private const int MaxRank = 1 << 16;
    private const int MaxHeadDim = 1024;

    /// <summary>Elements of a head's query and key.</summary>
    public int HeadDim => PlainHeadDim + RotaryHeadDim;

    /// <summary>What of it is out of range, with value and limit; or null.</summary>
    internal string? FindFault() =>
        Fault("q_lora_rank", QueryRank ?? 1, MaxRank) ?? Fault("kv_lora_rank", KvRank, MaxRank)
        ?? Fault("qk_nope_head_dim", PlainHeadDim, MaxHeadDim) ?? Fault("qk_rope_head_dim", RotaryHeadDim, MaxHeadDim)
        ?? Fault("v_head_dim", ValueHeadDim, MaxHeadDim)
        ?? (RotaryHeadDim % 2 == 0 ? null : $"qk_rope_head_dim {RotaryHeadDim} is odd; rotary embeddings need pairs");

    private static string? Fault(string name, int value, int max) =>
        value >= 1 && value <= max ? null : $"{name} is {value}; it must be 1 to {max}";
}
