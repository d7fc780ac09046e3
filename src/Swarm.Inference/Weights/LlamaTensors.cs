using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>Names and shapes of a Llama's tensors, as Hugging Face names them.</summary>
internal static class LlamaTensors
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string Head = "lm_head.weight";

    /// <summary>Every tensor of a model of this shape, in a fixed order.</summary>
    public static IEnumerable<(string Name, long[] Shape)> All(LlamaConfig config)
    {
        long hidden = config.HiddenSize;
        long query = (long)config.Heads * config.HeadDim;
        long kv = (long)config.KvHeads * config.HeadDim;
        yield return (Embedding, [config.VocabularySize, hidden]);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            yield return (Of(layer, "input_layernorm"), [hidden]);
            yield return (Of(layer, "self_attn.q_proj"), [query, hidden]);
            yield return (Of(layer, "self_attn.k_proj"), [kv, hidden]);
            yield return (Of(layer, "self_attn.v_proj"), [kv, hidden]);
            yield return (Of(layer, "self_attn.o_proj"), [hidden, query]);
            yield return (Of(layer, "post_attention_layernorm"), [hidden]);
            yield return (Of(layer, "mlp.gate_proj"), [config.IntermediateSize, hidden]);
            yield return (Of(layer, "mlp.up_proj"), [config.IntermediateSize, hidden]);
            yield return (Of(layer, "mlp.down_proj"), [hidden, config.IntermediateSize]);
        }

        yield return (FinalNorm, [hidden]);
        if (!config.TiedEmbeddings)
        {
            yield return (Head, [config.VocabularySize, hidden]);
        }
    }

    /// <summary>Name of a layer's tensor.</summary>
    public static string Of(int layer, string part) => $"model.layers.{layer}.{part}.weight";
}
