
namespace Swarm.Inference.Configuration;

/// <summary>Shape of a Llama-family decoder, in the terms of a Hugging Face <c>config.json</c>.</summary>
public sealed record LlamaConfig
{
    internal const int PositionLimit = 1 << 22;

    /// <summary>Number of token ids, <c>vocab_size</c>.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, <c>hidden_size</c>.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward network, <c>intermediate_size</c>.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of layers, <c>num_hidden_layers</c>.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads, <c>num_attention_heads</c>.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads, <c>num_key_value_heads</c>; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Elements of a head, <c>head_dim</c>; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Longest sequence, <c>max_position_embeddings</c>.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Base of the rotary frequencies, <c>rope_theta</c>.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Scaling of the rotary frequencies; <see langword="null"/> for none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Added to the mean square, <c>rms_norm_eps</c>.</summary>
    public double RmsNormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether the output projection is the embedding, <c>tie_word_embeddings</c>.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Type of weights, activations and KV, <c>dtype</c> or <c>torch_dtype</c>: float32 or bfloat16.</summary>
    public KvDType DType { get; init; } = KvDType.Float32;

    /// <summary>Parameters of a model of this shape.</summary>
    public long ParameterCount
    {
        get
        {
            long attention = (long)HiddenSize * HeadDim * ((2 * Heads) + (2 * KvHeads));
            long feedForward = 3L * HiddenSize * IntermediateSize;
            long embeddings = (long)VocabularySize * HiddenSize * (TiedEmbeddings ? 1 : 2);
            return (Layers * (attention + feedForward + (2L * HiddenSize))) + HiddenSize + embeddings;
        }
    }

    /// <summary>Layout of the KV cache.</summary>
    /// <returns>Grouped-query streams of <see cref="KvHeads"/> × <see cref="HeadDim"/> elements.</returns>
    public KvGeometry ToGeometry() => KvGeometry.GroupedQuery(Layers, KvHeads, HeadDim, DType);

    /// <summary>Checks every field.</summary>
    /// <param name="source">Where the shape comes from, for the message.</param>
    /// <returns>This.</returns>
    /// <exception cref="ModelFormatException">A field is out of range; the message names it, its value and the limit.</exception>
    public LlamaConfig Validated(string source)
    {
        Range("vocab_size", VocabularySize, 2, 1 << 20);
        Range("hidden_size", HiddenSize, 2, 1 << 16);
        Range("intermediate_size", IntermediateSize, 1, 1 << 18);
        Range("num_hidden_layers", Layers, 1, 1024);
        Range("num_attention_heads", Heads, 1, 1024);
        Range("num_key_value_heads", KvHeads, 1, Heads);
        Range("head_dim", HeadDim, 2, 1024);
        Range("max_position_embeddings", MaxPositions, 1, PositionLimit);
        Require(Heads % KvHeads == 0, $"num_key_value_heads {KvHeads} does not divide num_attention_heads {Heads}");
        Require(HeadDim % 2 == 0, $"head_dim {HeadDim} is odd; rotary embeddings need pairs");
        Require(RopeTheta is > 0 and < 1e12, $"rope_theta {RopeTheta} is not in (0, 1e12)");
        Require(RopeScaling?.FindFault() is null, RopeScaling?.FindFault() ?? "");
        Require(RmsNormEpsilon is > 0 and < 1, $"rms_norm_eps {RmsNormEpsilon} is not in (0, 1)");
        Require(
            DType is KvDType.Float32 or KvDType.BFloat16,
            $"dtype {DType} is not supported; float32 and bfloat16 are");
        return this;

        void Range(string name, int value, int min, int max) =>
            Require(value >= min && value <= max, $"{name} is {value}; it must be {min} to {max}");

        void Require(bool holds, string fault)
        {
            if (!holds)
            {
                throw new ModelFormatException($"{source}: {fault}.");
            }
        }
    }
}
