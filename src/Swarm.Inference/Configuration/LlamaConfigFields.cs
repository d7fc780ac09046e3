using System.Text.Json;

namespace Swarm.Inference.Configuration;

/// <summary>Which fields of a <c>config.json</c> change a model's logits, and at which values they do not.</summary>
/// <remarks>
/// Names are those that transformers gives, of the families and of models that are close to them: files of such models are offered as
/// theirs. A name that is not known is refused where it sounds like the others (<see cref="Suspicious"/>) and its value switches something on,
/// else it is listed.
/// </remarks>
internal static class LlamaConfigFields
{
    public const string AttentionBias = "attention_bias";
    public const string QueryScalar = "query_pre_attn_scalar";
    private const string HeadDim = "head_dim";

    /// <summary>Of every family.</summary>
    private static readonly string[] Honoured =
    [
        "architectures", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "dtype",
        "torch_dtype", .. RopeJson.Names,
    ];

    /// <summary>Where GELU is the activation.</summary>
    private static readonly Dictionary<string, NeutralValue> NeutralWithGelu = new()
    {
        ["hidden_act"] = NeutralValue.OneOf("gelu_pytorch_tanh"),
        ["hidden_activation"] = NeutralValue.OneOf("gelu_pytorch_tanh"),
        ["activation_function"] = NeutralValue.OneOf("gelu_pytorch_tanh"),
        ["final_logit_softcapping"] = NeutralValue.Absent,
        ["attn_logit_softcapping"] = NeutralValue.Absent,
    };

    /// <summary>With latent attention, whose <c>head_dim</c> is that of rotation.</summary>
    private static readonly Dictionary<string, NeutralValue> NeutralWithLatent = new()
    {
        [HeadDim] = NeutralValue.Of(LatentJson.RotaryHeadDim, config => config.Latent!.RotaryHeadDim),
        ["qk_head_dim"] = NeutralValue.Of($"{LatentJson.PlainHeadDim} + {LatentJson.RotaryHeadDim}", config => config.HeadDim),
        ["rope_interleave"] = NeutralValue.True,
        ["rope_interleaved"] = NeutralValue.True,
    };

    private static readonly Dictionary<string, NeutralValue> Neutral = new()
    {
        ["auto_map"] = new("no code of its own for a model", (value, _, _) =>
            value.ValueKind == JsonValueKind.Object
            && !value.EnumerateObject().Any(item => item.Name.StartsWith("AutoModel", StringComparison.Ordinal))),
        ["hidden_act"] = NeutralValue.Silu,
        ["hidden_activation"] = NeutralValue.Silu,
        ["activation_function"] = NeutralValue.Silu,
        [AttentionBias] = NeutralValue.False,
        ["mlp_bias"] = NeutralValue.False,
        ["qkv_bias"] = NeutralValue.False,
        ["use_bias"] = NeutralValue.False,
        ["lm_head_bias"] = NeutralValue.False,
        ["use_qk_norm"] = NeutralValue.False,
        ["qk_norm"] = NeutralValue.False,
        ["qk_layernorm"] = NeutralValue.False,
        ["alibi"] = NeutralValue.False,
        ["parallel_attn"] = NeutralValue.False,
        ["use_parallel_residual"] = NeutralValue.False,
        ["rope_interleave"] = NeutralValue.False,
        ["rope_interleaved"] = NeutralValue.False,
        ["rope_traditional"] = NeutralValue.False,
        ["use_bidirectional_attention"] = NeutralValue.False,
        ["is_encoder_decoder"] = NeutralValue.False,
        ["add_cross_attention"] = NeutralValue.False,
        ["is_causal"] = NeutralValue.True,
        ["use_rope"] = NeutralValue.True,
        ["scale_attn_weights"] = NeutralValue.True,
        [WindowJson.Window] = new("null, or max_position_embeddings and more", IsWideWindow),
        [WindowJson.Switch] = new("false", (value, config, fields) =>
            value.ValueKind == JsonValueKind.False
            || (fields.Get(WindowJson.Window) is { } window && IsWideWindow(window, config, fields))),
        [WindowJson.LayerTypes] = new($"'{WindowJson.FullAttention}' for each layer", (value, _, _) =>
            value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ToString() == WindowJson.FullAttention)),
        ["partial_rotary_factor"] = NeutralValue.Of(1),
        ["rotary_pct"] = NeutralValue.Of(1),
        ["rotary_dim"] = NeutralValue.Of("head_dim", config => config.HeadDim),
        ["kv_channels"] = NeutralValue.Of("head_dim", config => config.HeadDim),
        [QueryScalar] = NeutralValue.Of("head_dim", config => config.HeadDim),
        ["attention_multiplier"] = NeutralValue.Of("1 / sqrt(head_dim)", config => 1 / Math.Sqrt(config.HeadDim)),
        ["embedding_multiplier"] = NeutralValue.Of(1),
        ["residual_multiplier"] = NeutralValue.Of(1),
        ["logits_scaling"] = NeutralValue.Of(1),
        ["logit_scale"] = NeutralValue.Of(1),
        ["scale_emb"] = NeutralValue.Of(1),
        ["scale_depth"] = NeutralValue.Of("sqrt(num_hidden_layers)", config => Math.Sqrt(config.Layers)),
        ["dim_model_base"] = NeutralValue.Of("hidden_size", config => config.HiddenSize),
        ["layer_norm_eps"] = NeutralValue.Of("rms_norm_eps", config => config.RmsNormEpsilon),
        ["layer_norm_epsilon"] = NeutralValue.Of("rms_norm_eps", config => config.RmsNormEpsilon),
        ["norm_eps"] = NeutralValue.Of("rms_norm_eps", config => config.RmsNormEpsilon),
        ["norm_epsilon"] = NeutralValue.Of("rms_norm_eps", config => config.RmsNormEpsilon),
        ["num_experts"] = NeutralValue.Of(0),
        ["num_local_experts"] = NeutralValue.Of(0),
        ["n_routed_experts"] = NeutralValue.Of(0),
        ["clip_qkv"] = NeutralValue.Absent,
        ["pruned_heads"] = NeutralValue.Absent,
        ["quantization_config"] = NeutralValue.Absent,
        ["compression_config"] = NeutralValue.Absent,
        ["sparsity_config"] = NeutralValue.Absent,
        ["cross_attention_hidden_size"] = NeutralValue.Absent,
    };

    private static readonly HashSet<string> Harmless =
    [
        // Of the file and of what loads it.
        "_name_or_path", "name_or_path", "transformers_version", "_commit_hash", "torchscript", "use_bfloat16", "tokenizer_class",
        "_attn_implementation", "_attn_implementation_autoset", "attn_implementation", "_flash_attn_2_enabled", "use_flash_attn",
        "use_cache", "return_dict", "use_return_dict", "output_attentions", "output_hidden_states", "output_scores",
        "return_dict_in_generate", "chunk_size_feed_forward", "pretraining_tp", "is_decoder", "tie_encoder_decoder",
        "max_window_layers", "sliding_window_pattern", "_sliding_window_pattern", "max_sequence_length",
        "transformers.js_config", "tf_legacy_loss", "cache_implementation",

        // Of training, and of other heads than the language model's.
        "initializer_range", "finetuning_task", "problem_type", "id2label", "label2id", "num_labels", "task_specific_params",

        // Of the choice of tokens, which begins where the logits end.
        "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
        "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty",
        "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences",
        "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty",
        "suppress_tokens", "begin_suppress_tokens", "prefix",
    ];

    private static readonly string[] HarmlessEnds = ["_token_id", "_token_index", "_dropout", "_pdrop"];

    /// <summary>Parts of names of what changes logits.</summary>
    private static readonly string[] Suspicious =
    [
        "multiplier", "scal", "softcap", "soft_cap", "norm", "bias", "window", "rope", "rotary", "yarn", "quant", "lora",
        "adapter", "expert", "moe", "sink", "alibi", "residual", "cross_attention", "temperature", "activation", "attn_mask", "position_embedding", "mup",
    ];

    /// <summary>Refuses a field that would change the logits and is not honoured.</summary>
    /// <param name="fields">The configuration's fields.</param>
    /// <param name="config">What was read of them.</param>
    /// <returns>Fields that are not known, with their values.</returns>
    /// <exception cref="ModelFormatException">There is such a field; the message names it, its value and what is supported.</exception>
    public static IReadOnlyList<string> Check(JsonFields fields, LlamaConfig config)
    {
        var unknown = new List<string>();
        var (traits, honoured) = (config.Traits, HonouredBy(config.Traits));
        foreach (var field in fields.All.Where(field => !honoured.Contains(field.Name)))
        {
            if (FindNeutral(traits, field.Name) is { } neutral)
            {
                Require(IsEmpty(field.Value) || neutral.Holds(field.Value, config, fields), field, $"only {neutral.Text} is supported");
            }
            else if (!IsHarmless(field.Name) && !(traits.IsLatent && LatentJson.NamesOfExperts.Contains(field.Name)))
            {
                Require(
                    IsOff(field.Value)
                    || !Suspicious.Any(part => field.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                    || (field.Name.EndsWith("_multiplier", StringComparison.Ordinal) && field.Value.ToString() is "1" or "1.0"),
                    field,
                    "it is not known, and by its name it may change the logits; if it does not, remove it from the file");
                unknown.Add($"{fields.Source}: {field.Name} {Shown(field.Value)}");
            }
        }

        return unknown;

        void Require(bool holds, JsonProperty field, string supported)
        {
            if (!holds)
            {
                throw fields.Fault(field.Name, $"is {Shown(field.Value)}; {supported}");
            }
        }
    }

    private static HashSet<string> HonouredBy(FamilyTraits traits)
    {
        HashSet<string> names = [.. Honoured, .. WindowJson.Names(traits), .. traits.IsLatent ? LatentJson.Names : [HeadDim]];
        if (traits.MayHaveAttentionBias)
        {
            names.Add(AttentionBias);
        }

        if (traits.NormsOutputs)
        {
            names.UnionWith([QueryScalar, RopeJson.WindowTheta]);
        }

        return names;
    }

    private static NeutralValue? FindNeutral(FamilyTraits traits, string name) =>
        name == "model_type" ? NeutralValue.OneOf(traits.ModelType)
        : traits.HasGelu && NeutralWithGelu.TryGetValue(name, out var value) ? value
        : traits.IsLatent && NeutralWithLatent.TryGetValue(name, out value) ? value
        : Neutral.GetValueOrDefault(name);

    private static bool IsWideWindow(JsonElement value, LlamaConfig config, JsonFields fields) =>
        fields.Get(WindowJson.Switch) is { ValueKind: JsonValueKind.False }
        || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var window) && window >= config.MaxPositions);

    private static bool IsHarmless(string name) =>
        Harmless.Contains(name) || name.StartsWith("unsloth_", StringComparison.Ordinal)
        || HarmlessEnds.Any(end => name.EndsWith(end, StringComparison.Ordinal));

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.GetString() == "",
        _ => IsEmpty(value),
    };

    private static string Shown(JsonElement value)
    {
        const int MaxCharacters = 120;
        var text = value.ValueKind == JsonValueKind.String ? $"'{value}'" : value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= MaxCharacters ? text : text[..MaxCharacters] + "…";
    }
}
