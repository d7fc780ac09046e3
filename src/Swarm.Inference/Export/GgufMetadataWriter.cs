using Swarm.Gguf;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Export;

/// <summary>Writes a model's numbers as llama.cpp reads them, and refuses a model that it would compute otherwise.</summary>
internal sealed class GgufMetadataWriter(LlamaConfig config, GgufWriter writer)
{
    private const int WindowPeriod = 6; // Of llama.cpp's gemma3.
    private const double WindowTheta = 10_000; // Likewise.
    private const int LargestGemmaLayers = 62; // The one whose scale llama.cpp takes from the width.
    private static readonly int[] _layersWithoutQueryRank = [26, 27]; // llama.cpp takes a deepseek2 of so many for a lite one.

    private readonly string _architecture = GgufNames.Architecture(config.Family);

    /// <summary>Refuses what the file could not say, or llama.cpp would pass over.</summary>
    /// <exception cref="NotSupportedException">There is something; the message names it.</exception>
    public void RequireExpressible()
    {
        var isLlama = _architecture == "llama";
        var isGemma = config.Family == ModelFamily.Gemma3;
        Require(
            config.SlidingWindow is null || isGemma,
            $"sliding_window {config.SlidingWindow}", "has no window in llama.cpp", "Export a model without one");
        Require(!config.AttentionBias, "attention_bias true", "has no biases in llama.cpp", "Export a model without them");
        Require(
            config.RopeScaling is not Llama3RopeScaling || isLlama,
            "rope_type 'llama3'", "has no factors for single frequencies in llama.cpp", "Export a Llama or Mistral, or another rope_type");
        if (config.RopeScaling is YarnRopeScaling yarn)
        {
            Require(yarn.Truncate, "truncate false of rope_type 'yarn'", "truncates in llama.cpp", "Export with truncate true");
            Require(!isGemma, "rope_type 'yarn'", "would be scaled in layers with a window too", "Export without it");
            Require(
                config.Latent is null || (yarn.MscaleAllDim != 0 && Math.Abs(yarn.AttentionFactor - 1) < 1e-9),
                $"mscale {yarn.Mscale} and mscale_all_dim {yarn.MscaleAllDim}", "is scaled in llama.cpp as if both were the same",
                "Export with both the same");
        }

        if (isGemma)
        {
            RequireGemma();
        }

        if (config.Latent is { } latent)
        {
            Require(
                Math.Abs(config.RmsNormEpsilon - LatentShape.NormEpsilon) < 1e-12,
                $"rms_norm_eps {config.RmsNormEpsilon}", $"has one for all norms in llama.cpp, and {LatentShape.NormEpsilon} for latents here", "Export with that");
            Require(
                latent.QueryRank is null || !_layersWithoutQueryRank.Contains(config.Layers),
                $"q_lora_rank {latent.QueryRank} with {config.Layers} layers", "has none in llama.cpp with so many", "Export with another number of layers");
        }
    }

    /// <summary>Writes all keys but the vocabulary's.</summary>
    public void Write(string name, GgufTensorType type)
    {
        writer.Add("general.architecture", _architecture);
        writer.Add("general.name", name);
        writer.Add("general.file_type", FileType(type));
        if (type == GgufTensorType.Q8_0)
        {
            writer.Add("general.quantization_version", 2u);
        }

        Add("vocab_size", config.VocabularySize);
        Add("context_length", config.MaxPositions);
        Add("embedding_length", config.HiddenSize);
        Add("block_count", config.Layers);
        Add("feed_forward_length", config.IntermediateSize);
        Add("attention.head_count", config.Heads);
        writer.Add(Key("attention.layer_norm_rms_epsilon"), (float)config.RmsNormEpsilon);
        writer.Add(Key("rope.freq_base"), (float)config.RopeTheta);
        if (config.Latent is { } latent)
        {
            WriteLatent(latent);
        }
        else
        {
            Add("attention.head_count_kv", config.KvHeads);
            Add("attention.key_length", config.HeadDim);
            Add("attention.value_length", config.HeadDim);
            Add("rope.dimension_count", config.HeadDim);
        }

        if (config.SlidingWindow is { } window)
        {
            Add("attention.sliding_window", window);
        }

        WriteScaling();
    }

    private void WriteLatent(LatentShape latent)
    {
        // The latent is one key and value of all heads, which take their own out of it.
        Add("attention.head_count_kv", 1);
        Add("attention.key_length", latent.KvRank + latent.RotaryHeadDim);
        Add("attention.value_length", latent.KvRank);
        Add("attention.key_length_mla", latent.HeadDim);
        Add("attention.value_length_mla", latent.ValueHeadDim);
        Add("attention.kv_lora_rank", latent.KvRank);
        Add("rope.dimension_count", latent.RotaryHeadDim);
        Add("attention.q_lora_rank", latent.QueryRank ?? 0); // llama.cpp asks for it; 0 is none.

        // There are no experts, but llama.cpp asks for their sizes.
        Add("leading_dense_block_count", config.Layers);
        Add("expert_feed_forward_length", config.IntermediateSize);
        Add("expert_shared_count", 0);
    }

    private void WriteScaling()
    {
        switch (config.RopeScaling)
        {
            case LinearRopeScaling linear:
                writer.Add(Key("rope.scaling.type"), LinearRopeScaling.TypeName);
                writer.Add(Key("rope.scaling.factor"), (float)linear.Factor);
                break;
            case YarnRopeScaling yarn:
                writer.Add(Key("rope.scaling.type"), YarnRopeScaling.TypeName);
                writer.Add(Key("rope.scaling.factor"), (float)yarn.Factor);
                Add("rope.scaling.original_context_length", yarn.OriginalMaxPositions);
                writer.Add(Key("rope.scaling.yarn_beta_fast"), (float)yarn.BetaFast);
                writer.Add(Key("rope.scaling.yarn_beta_slow"), (float)yarn.BetaSlow);
                if (config.Latent is null)
                {
                    // llama.cpp multiplies by the paper's factor itself.
                    writer.Add(Key("rope.scaling.attn_factor"), (float)(yarn.AttentionFactor / (1 + (0.1 * Math.Log(yarn.Factor)))));
                }
                else
                {
                    writer.Add(Key("rope.scaling.yarn_log_multiplier"), (float)(0.1 * yarn.MscaleAllDim));
                }

                break;
            default:
                break; // None, or factors in a tensor.
        }
    }

    private void RequireGemma()
    {
        var windowed = new LayerSet(Enumerable.Range(0, config.Layers).Where(layer => (layer + 1) % WindowPeriod != 0));
        var scalar = config.Layers == LargestGemmaLayers ? (double)(config.HiddenSize / config.Heads) : config.HeadDim;
        Require(
            config.SlidingWindow is not null && config.WindowedLayers == windowed,
            $"a window in layers {config.WindowedLayers}", $"has one in all but each {WindowPeriod}th layer in llama.cpp", "Export a model with that pattern");
        Require(
            config.WindowRopeTheta == WindowTheta,
            $"rope_local_base_freq {config.WindowRopeTheta}", $"has {WindowTheta} in llama.cpp", "Export with that");
        Require(
            config.QueryPreAttentionScalar == scalar,
            $"query_pre_attn_scalar {config.QueryPreAttentionScalar}", $"has {scalar} in llama.cpp with {config.Layers} layers", "Export with that");
    }

    private static uint FileType(GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 => 0,
        GgufTensorType.Float16 => 1,
        GgufTensorType.Q8_0 => 7,
        _ => 32, // BF16.
    };

    private string Key(string name) => $"{_architecture}.{name}";

    private void Add(string name, int value) => writer.Add(Key(name), (uint)value);

    private void Require(bool holds, string what, string why, string remedy)
    {
        if (!holds)
        {
            throw new NotSupportedException($"{config.Traits.Architecture} with {what} cannot be written as GGUF: architecture '{_architecture}' {why}. {remedy}.");
        }
    }
}
