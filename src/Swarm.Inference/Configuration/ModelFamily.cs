namespace Swarm.Inference.Configuration;

/// <summary>Families of decoders that are computed, by the architecture that a <c>config.json</c> names.</summary>
/// <remarks>All are computed by one decoder; a family decides which of its traits are on.</remarks>
public enum ModelFamily
{
    /// <summary>Llama 2, 3, 3.1 and 3.2: <c>LlamaForCausalLM</c>.</summary>
    Llama,

    /// <summary>Mistral: <c>MistralForCausalLM</c>. All layers may look through a window.</summary>
    Mistral,

    /// <summary>Qwen2 and Qwen2.5: <c>Qwen2ForCausalLM</c>. Biases on queries, keys and values.</summary>
    Qwen2,

    /// <summary>Qwen3: <c>Qwen3ForCausalLM</c>. Queries and keys are normalised, head by head.</summary>
    Qwen3,

    /// <summary>Gemma 3's text model: <c>Gemma3ForCausalLM</c>. Layers with a window and without, norms behind both halves of a layer.</summary>
    Gemma3,

    /// <summary>DeepSeek-V2 with dense layers: <c>DeepseekV2ForCausalLM</c>. Multi-head latent attention.</summary>
    DeepSeekV2,

    /// <summary>DeepSeek-V3 with dense layers: <c>DeepseekV3ForCausalLM</c>. Multi-head latent attention.</summary>
    DeepSeekV3,
}
