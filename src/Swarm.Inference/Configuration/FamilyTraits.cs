namespace Swarm.Inference.Configuration;

/// <summary>What the decoder does for a family beyond what its numbers in <see cref="LlamaConfig"/> say.</summary>
/// <param name="Family">The family.</param>
/// <param name="Architecture">Hugging Face's name of it, in <c>architectures</c>.</param>
/// <param name="ModelType">Hugging Face's <c>model_type</c>.</param>
internal sealed record FamilyTraits(ModelFamily Family, string Architecture, string ModelType)
{
    private static readonly FamilyTraits[] _all =
    [
        new(ModelFamily.Llama, "LlamaForCausalLM", "llama") { DefaultMaxPositions = 2048, DefaultsKvHeads = true },
        new(ModelFamily.Mistral, "MistralForCausalLM", "mistral")
        {
            DefaultMaxPositions = 131_072, Windows = WindowRule.Everywhere, DefaultWindow = 4096,
        },
        new(ModelFamily.Qwen2, "Qwen2ForCausalLM", "qwen2")
        {
            DefaultMaxPositions = 32_768, HasQueryKeyValueBias = true, Windows = WindowRule.Switched, DefaultWindow = 4096,
        },
        new(ModelFamily.Qwen3, "Qwen3ForCausalLM", "qwen3")
        {
            DefaultMaxPositions = 32_768, HasQueryKeyNorm = true, MayHaveAttentionBias = true, NamesHeadDim = true,
            Windows = WindowRule.Switched, DefaultWindow = 4096,
        },
        new(ModelFamily.Gemma3, "Gemma3ForCausalLM", "gemma3_text")
        {
            DefaultMaxPositions = 131_072, HasQueryKeyNorm = true, NormsAddOne = true, NormsOutputs = true, ScalesEmbedding = true,
            HasGelu = true, NamesHeadDim = true, DefaultTied = true, DefaultRopeTheta = 1e6,
            Windows = WindowRule.Alternating, DefaultWindow = 4096,
        },
        new(ModelFamily.DeepSeekV2, "DeepseekV2ForCausalLM", "deepseek_v2") { DefaultMaxPositions = 2048, IsLatent = true },
        new(ModelFamily.DeepSeekV3, "DeepseekV3ForCausalLM", "deepseek_v3") { DefaultMaxPositions = 4096, IsLatent = true },
    ];

    /// <summary>How a family's configuration says which layers look through a window.</summary>
    public enum WindowRule
    {
        /// <summary>None does.</summary>
        Nowhere,

        /// <summary>All do, if there is a <c>sliding_window</c>.</summary>
        Everywhere,

        /// <summary>With <c>use_sliding_window</c>: those from <c>max_window_layers</c> on, or as <c>layer_types</c> says.</summary>
        Switched,

        /// <summary>All but each sixth, or as <c>layer_types</c> or <c>sliding_window_pattern</c> says; their rotary base is another one.</summary>
        Alternating,
    }

    /// <summary>All families' architectures.</summary>
    public static IEnumerable<string> Architectures => _all.Select(traits => traits.Architecture);

    /// <summary><c>max_position_embeddings</c> where it is missing.</summary>
    public required int DefaultMaxPositions { get; init; }

    /// <summary>Whether there are as many KV heads as heads where <c>num_key_value_heads</c> is missing; else it must be there.</summary>
    public bool DefaultsKvHeads { get; init; }

    /// <summary>Whether <c>head_dim</c> must be there, since it is not the width divided by the heads.</summary>
    public bool NamesHeadDim { get; init; }

    /// <summary><c>tie_word_embeddings</c> where it is missing.</summary>
    public bool DefaultTied { get; init; }

    /// <summary><c>rope_theta</c> where it is missing.</summary>
    public double DefaultRopeTheta { get; init; } = 10_000;

    /// <summary>Whether Q, K and V have biases.</summary>
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Whether <c>attention_bias</c> may give Q, K, V and the output biases.</summary>
    public bool MayHaveAttentionBias { get; init; }

    /// <summary>Whether each head's query and key is normalised before it is rotated.</summary>
    public bool HasQueryKeyNorm { get; init; }

    /// <summary>Whether a norm scales by 1 + its weight, in fp32.</summary>
    public bool NormsAddOne { get; init; }

    /// <summary>Whether what attention and the feed-forward network give is normalised before it is added.</summary>
    public bool NormsOutputs { get; init; }

    /// <summary>Whether embeddings are multiplied by the square root of the width.</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>Whether the gate's activation is GELU, by its tanh form (Hendrycks and Gimpel, arXiv 1606.08415), and not SiLU.</summary>
    public bool HasGelu { get; init; }

    /// <summary>Which layers may look through a window.</summary>
    public WindowRule Windows { get; init; }

    /// <summary><c>sliding_window</c> where it is missing; where it is null there is none.</summary>
    public int DefaultWindow { get; init; }

    /// <summary>Whether attention is multi-head latent attention.</summary>
    public bool IsLatent { get; init; }

    /// <summary>A family's traits.</summary>
    public static FamilyTraits Of(ModelFamily family) => _all.Single(traits => traits.Family == family);

    /// <summary>The traits of an architecture; null of one that is not supported.</summary>
    public static FamilyTraits? TryFind(string architecture) =>
        Array.Find(_all, traits => traits.Architecture == architecture);
}
