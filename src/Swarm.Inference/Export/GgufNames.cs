using Swarm.Inference.Configuration;

namespace Swarm.Inference.Export;

/// <summary>Names of llama.cpp for what Hugging Face names otherwise.</summary>
internal static class GgufNames
{
    private static readonly Dictionary<string, string> _parts = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["self_attn.q_a_proj"] = "attn_q_a",
        ["self_attn.q_a_layernorm"] = "attn_q_a_norm",
        ["self_attn.q_b_proj"] = "attn_q_b",
        ["self_attn.kv_a_proj_with_mqa"] = "attn_kv_a_mqa",
        ["self_attn.kv_a_layernorm"] = "attn_kv_a_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    // Where both halves of a layer have a norm behind them, these names mean others.
    private static readonly Dictionary<string, string> _partsWithOutputNorms = new(StringComparer.Ordinal)
    {
        ["post_attention_layernorm"] = "post_attention_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
    };

    /// <summary>llama.cpp's name of an architecture.</summary>
    public static string Architecture(ModelFamily family) => family switch
    {
        ModelFamily.Llama or ModelFamily.Mistral => "llama",
        ModelFamily.Qwen2 => "qwen2",
        ModelFamily.Qwen3 => "qwen3",
        ModelFamily.Gemma3 => "gemma3",
        _ => "deepseek2",
    };

    /// <summary>llama.cpp's name of a tensor that it has as it is, or in another order.</summary>
    public static string Of(string name, FamilyTraits traits)
    {
        if (!name.StartsWith("model.layers.", StringComparison.Ordinal))
        {
            return name switch
            {
                LlamaTensors.Embedding => "token_embd.weight",
                LlamaTensors.FinalNorm => "output_norm.weight",
                _ => "output.weight",
            };
        }

        var rest = name["model.layers.".Length..];
        var (start, end) = (rest.IndexOf('.', StringComparison.Ordinal), rest.LastIndexOf('.'));
        var part = rest[(start + 1)..end];
        var theirs = traits.NormsOutputs && _partsWithOutputNorms.TryGetValue(part, out var other) ? other : _parts[part];
        return $"blk.{rest[..start]}.{theirs}{rest[end..]}";
    }

    /// <summary>llama.cpp's name of a layer's tensor.</summary>
    public static string Of(int layer, string part) => $"blk.{layer}.{part}.weight";
}
