using Swarm.Gguf;

namespace Swarm.Testing.Models;

/// <summary>Shape of a small model with random weights, to be written as GGUF for llama.cpp. Without a vocabulary of texts.</summary>
/// <param name="Layers">Layers.</param>
/// <param name="Width">Elements of the hidden state.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">KV heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="FeedForward">Elements of the feed-forward layer.</param>
/// <param name="Vocabulary">Token ids.</param>
/// <param name="Context">Longest sequence.</param>
/// <param name="Type">Type of the matrices: F32, F16, BF16 or Q8_0.</param>
/// <param name="Seed">Seed of the weights.</param>
public sealed record RandomGguf(
    int Layers = 3,
    int Width = 96,
    int Heads = 4,
    int KvHeads = 2,
    int HeadDim = 32,
    int FeedForward = 160,
    int Vocabulary = 97,
    int Context = 2048,
    GgufTensorType Type = GgufTensorType.Float32,
    int Seed = 1)
{
    /// <summary>Architecture: <c>llama</c>, <c>qwen3</c>, <c>gemma3</c> (layers with a window and without), or <c>deepseek2</c> (latent attention, dense).</summary>
    public string Architecture { get; init; } = "llama";

    /// <summary>Positions that layers with a window see.</summary>
    public int Window { get; init; } = 64;

    /// <summary>Elements of the cached latent, and of the queries', of latent attention.</summary>
    public int Latent { get; init; } = 64;

    /// <summary>Elements of the cached rotary key, of latent attention.</summary>
    public int RotaryDim { get; init; } = 16;

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>The path.</returns>
    public string Write(string path)
    {
        ToWriter().Write(path);
        return path;
    }

    /// <summary>A writer with all of the file, to which more can be added.</summary>
    public GgufWriter ToWriter()
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", Architecture);
        writer.Add("tokenizer.ggml.model", "no_vocab");
        Add(writer, "vocab_size", Vocabulary);
        Add(writer, "context_length", Context);
        Add(writer, "embedding_length", Width);
        Add(writer, "block_count", Layers);
        Add(writer, "feed_forward_length", FeedForward);
        Add(writer, "attention.head_count", Heads);
        writer.Add($"{Architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add($"{Architecture}.rope.freq_base", 50_000f);
        Matrix(writer, "token_embd.weight", Width, Vocabulary);
        if (Architecture == "deepseek2")
        {
            AddLatentKeys(writer);
        }
        else
        {
            Add(writer, "attention.head_count_kv", KvHeads);
            Add(writer, "attention.key_length", HeadDim);
            Add(writer, "attention.value_length", HeadDim);
            Add(writer, "rope.dimension_count", HeadDim);
        }

        if (Architecture == "gemma3")
        {
            Add(writer, "attention.sliding_window", Window);
        }

        for (var layer = 0; layer < Layers; layer++)
        {
            AddLayer(writer, $"blk.{layer}.");
        }

        Norm(writer, "output_norm.weight", Width);
        if (Architecture != "gemma3")
        {
            Matrix(writer, "output.weight", Width, Vocabulary);
        }

        return writer;
    }

    private void AddLatentKeys(GgufWriter writer)
    {
        Add(writer, "attention.head_count_kv", 1);
        Add(writer, "attention.key_length", Latent + RotaryDim);
        Add(writer, "attention.value_length", Latent);
        Add(writer, "attention.key_length_mla", HeadDim + RotaryDim);
        Add(writer, "attention.value_length_mla", HeadDim);
        Add(writer, "attention.kv_lora_rank", Latent);
        Add(writer, "attention.q_lora_rank", Latent);
        Add(writer, "rope.dimension_count", RotaryDim);
        Add(writer, "leading_dense_block_count", Layers);
        Add(writer, "expert_count", 1);
        Add(writer, "expert_used_count", 1);
        Add(writer, "expert_shared_count", 1);
        Add(writer, "expert_feed_forward_length", FeedForward);
        writer.Add($"{Architecture}.expert_weights_scale", 1f);
    }

    private void AddLayer(GgufWriter writer, string prefix)
    {
        Norm(writer, prefix + "attn_norm.weight", Width);
        if (Architecture == "deepseek2")
        {
            Matrix(writer, prefix + "attn_q_a.weight", Width, Latent);
            Norm(writer, prefix + "attn_q_a_norm.weight", Latent);
            Matrix(writer, prefix + "attn_q_b.weight", Latent, Heads * (HeadDim + RotaryDim));
            Matrix(writer, prefix + "attn_kv_a_mqa.weight", Width, Latent + RotaryDim);
            Norm(writer, prefix + "attn_kv_a_norm.weight", Latent);
            Matrix(writer, prefix + "attn_k_b.weight", HeadDim, Latent, Heads);
            Matrix(writer, prefix + "attn_v_b.weight", Latent, HeadDim, Heads);
        }
        else
        {
            Matrix(writer, prefix + "attn_q.weight", Width, Heads * HeadDim);
            Matrix(writer, prefix + "attn_k.weight", Width, KvHeads * HeadDim);
            Matrix(writer, prefix + "attn_v.weight", Width, KvHeads * HeadDim);
            if (Architecture != "llama")
            {
                Norm(writer, prefix + "attn_q_norm.weight", HeadDim);
                Norm(writer, prefix + "attn_k_norm.weight", HeadDim);
            }
        }

        Matrix(writer, prefix + "attn_output.weight", Heads * HeadDim, Width);
        if (Architecture == "gemma3")
        {
            Norm(writer, prefix + "post_attention_norm.weight", Width);
            Norm(writer, prefix + "post_ffw_norm.weight", Width);
        }

        Norm(writer, prefix + "ffn_norm.weight", Width);
        Matrix(writer, prefix + "ffn_gate.weight", Width, FeedForward);
        Matrix(writer, prefix + "ffn_up.weight", Width, FeedForward);
        Matrix(writer, prefix + "ffn_down.weight", FeedForward, Width);
    }

    private void Add(GgufWriter writer, string key, int value) => writer.Add($"{Architecture}.{key}", (uint)value);

    private void Norm(GgufWriter writer, string name, int elements) =>
        Tensor(writer, name, GgufTensorType.Float32, 1, 0.1f, [elements]);

    private void Matrix(GgufWriter writer, string name, params int[] dimensions) =>
        Tensor(writer, name, dimensions[0] % Type.BlockElements() == 0 ? Type : GgufTensorType.Float32, 0, MathF.Sqrt(3f / dimensions[0]), dimensions);

    // Uniform around a middle; rows one after the other, so that a large tensor needs the memory of one.
    private void Tensor(GgufWriter writer, string name, GgufTensorType type, float middle, float spread, int[] dimensions) =>
        writer.AddTensor(name, type, [.. dimensions.Select(dimension => (long)dimension)], stream =>
        {
            var random = new Random(name.Aggregate(Seed * 7919, (hash, letter) => unchecked((hash * 31) + letter)));
            var row = new float[dimensions[0]];
            var bytes = new byte[type.RowBytes(row.Length)];
            for (var rows = dimensions.Skip(1).Aggregate(1, (product, dimension) => product * dimension); rows > 0; rows--)
            {
                for (var index = 0; index < row.Length; index++)
                {
                    row[index] = middle + (spread * ((2 * random.NextSingle()) - 1));
                }

                GgufElements.Encode(type, row, bytes);
                stream.Write(bytes);
            }
        });
}
