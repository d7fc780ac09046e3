using System.Text.Json;
using System.Text.Json.Nodes;

namespace Swarm.Inference.Configuration;

/// <summary>
/// Writes a configuration in a form that depends on nothing but its values: hashed into the fingerprint, so that what is written for a configuration
/// must never change.
/// </summary>
internal static class LlamaConfigText
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>Writes a configuration, as transformers 4 would read it.</summary>
    public static string Write(LlamaConfig config)
    {
        var traits = config.Traits;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(traits.Architecture),
            ["model_type"] = traits.ModelType,
            ["vocab_size"] = config.VocabularySize,
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.Latent?.RotaryHeadDim ?? config.HeadDim, // Of latent attention as transformers has it.
            ["max_position_embeddings"] = config.MaxPositions,
            ["rope_theta"] = config.RopeTheta,
            ["rms_norm_eps"] = config.RmsNormEpsilon,
            ["tie_word_embeddings"] = config.TiedEmbeddings,
            ["torch_dtype"] = config.DType == KvDType.BFloat16 ? "bfloat16" : "float32",
            [traits.HasGelu ? "hidden_activation" : "hidden_act"] = traits.HasGelu ? "gelu_pytorch_tanh" : "silu",
            ["attention_bias"] = config.AttentionBias,
            ["mlp_bias"] = false,
        };
        if (config.RopeScaling is { } scaling)
        {
            json["rope_scaling"] = Write(scaling);
        }

        WriteWindow(config, json);
        WriteLatent(config, json);
        return json.ToJsonString(_indented);
    }

    private static JsonObject Write(RopeScaling scaling)
    {
        var section = new JsonObject { ["rope_type"] = scaling.Type };
        foreach (var (name, value) in scaling.Parameters)
        {
            section[name] = name switch
            {
                "original_max_position_embeddings" => (int)value,
                "truncate" => value != 0,
                _ => value,
            };
        }

        return section;
    }

    private static void WriteWindow(LlamaConfig config, JsonObject json)
    {
        var rule = config.Traits.Windows;
        if (rule == FamilyTraits.WindowRule.Nowhere)
        {
            return;
        }

        json[WindowJson.Window] = config.SlidingWindow;
        if (rule == FamilyTraits.WindowRule.Everywhere)
        {
            return;
        }

        json[WindowJson.LayerTypes] = new JsonArray([.. Enumerable.Range(0, config.Layers).Select(layer =>
            (JsonNode)(config.WindowedLayers.Contains(layer) ? WindowJson.WindowedAttention : WindowJson.FullAttention))]);
        if (rule == FamilyTraits.WindowRule.Switched)
        {
            json[WindowJson.Switch] = config.SlidingWindow is not null;
            return;
        }

        json[RopeJson.WindowTheta] = config.WindowRopeTheta;
        json[LlamaConfigFields.QueryScalar] = config.QueryPreAttentionScalar;
    }

    private static void WriteLatent(LlamaConfig config, JsonObject json)
    {
        if (config.Latent is not { } latent)
        {
            return;
        }

        json[LatentJson.QueryRank] = latent.QueryRank;
        json[LatentJson.KvRank] = latent.KvRank;
        json[LatentJson.PlainHeadDim] = latent.PlainHeadDim;
        json[LatentJson.RotaryHeadDim] = latent.RotaryHeadDim;
        json[LatentJson.ValueHeadDim] = latent.ValueHeadDim;
        json[LatentJson.Experts] = null;
        json[LatentJson.DenseLayers] = config.Layers;
    }
}
