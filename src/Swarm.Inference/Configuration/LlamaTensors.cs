namespace Swarm.Inference.Configuration;

/// <summary>Names and shapes of a model's tensors, as Hugging Face names them.</summary>
internal static class LlamaTensors
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>Every tensor of a model of this shape, in a fixed order.</summary>
    public static IEnumerable<(string Name, long[] Shape)> All(LlamaConfig config)
    {
        long hidden = config.HiddenSize;
        yield return (Embedding, [config.VocabularySize, hidden]);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var (part, shape) in Layer(config))
            {
                yield return ($"model.layers.{layer}.{part}", shape);
            }
        }

        yield return (FinalNorm, [hidden]);
        if (!config.TiedEmbeddings)
        {
            yield return (Head, [config.VocabularySize, hidden]);
        }
    }

    /// <summary>Name of a layer's weight.</summary>
    public static string Of(int layer, string part) => $"model.layers.{layer}.{part}.weight";

    /// <summary>Name of a layer's bias.</summary>
    public static string BiasOf(int layer, string part) => $"model.layers.{layer}.{part}.bias";

    private static IEnumerable<(string Part, long[] Shape)> Layer(LlamaConfig config)
    {
        long hidden = config.HiddenSize;
        yield return ("input_layernorm.weight", [hidden]);
        foreach (var item in config.Latent is { } latent ? LatentAttention(config, latent) : GroupedAttention(config))
        {
            yield return item;
        }

        yield return ("post_attention_layernorm.weight", [hidden]);
        if (config.Traits.NormsOutputs)
        {
            yield return ("pre_feedforward_layernorm.weight", [hidden]);
            yield return ("post_feedforward_layernorm.weight", [hidden]);
        }

        yield return ("mlp.gate_proj.weight", [config.IntermediateSize, hidden]);
        yield return ("mlp.up_proj.weight", [config.IntermediateSize, hidden]);
        yield return ("mlp.down_proj.weight", [hidden, config.IntermediateSize]);
    }

    private static IEnumerable<(string Part, long[] Shape)> GroupedAttention(LlamaConfig config)
    {
        long hidden = config.HiddenSize;
        long query = (long)config.Heads * config.HeadDim;
        long kv = (long)config.KvHeads * config.HeadDim;
        yield return ("self_attn.q_proj.weight", [query, hidden]);
        yield return ("self_attn.k_proj.weight", [kv, hidden]);
        yield return ("self_attn.v_proj.weight", [kv, hidden]);
        yield return ("self_attn.o_proj.weight", [hidden, query]);
        if (config.HasQueryKeyValueBias)
        {
            yield return ("self_attn.q_proj.bias", [query]);
            yield return ("self_attn.k_proj.bias", [kv]);
            yield return ("self_attn.v_proj.bias", [kv]);
        }

        if (config.AttentionBias)
        {
            yield return ("self_attn.o_proj.bias", [hidden]);
        }

        if (config.Traits.HasQueryKeyNorm)
        {
            yield return ("self_attn.q_norm.weight", [config.HeadDim]);
            yield return ("self_attn.k_norm.weight", [config.HeadDim]);
        }
    }

    private static IEnumerable<(string Part, long[] Shape)> LatentAttention(LlamaConfig config, LatentShape latent)
    {
        long hidden = config.HiddenSize;
        long query = (long)config.Heads * latent.HeadDim;
        if (latent.QueryRank is { } rank)
        {
            yield return ("self_attn.q_a_proj.weight", [rank, hidden]);
            yield return ("self_attn.q_a_layernorm.weight", [rank]);
            yield return ("self_attn.q_b_proj.weight", [query, rank]);
        }
        else
        {
            yield return ("self_attn.q_proj.weight", [query, hidden]);
        }

        yield return ("self_attn.kv_a_proj_with_mqa.weight", [latent.KvRank + latent.RotaryHeadDim, hidden]);
        yield return ("self_attn.kv_a_layernorm.weight", [latent.KvRank]);
        yield return ("self_attn.kv_b_proj.weight", [(long)config.Heads * (latent.PlainHeadDim + latent.ValueHeadDim), latent.KvRank]);
        yield return ("self_attn.o_proj.weight", [hidden, (long)config.Heads * latent.ValueHeadDim]);
    }
}
