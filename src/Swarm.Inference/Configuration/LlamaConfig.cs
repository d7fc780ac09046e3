namespace Swarm.Inference.Configuration;

/// <summary>Shape and numbers of a decoder, in the terms of a Hugging Face <c>config.json</c>.</summary>
/// <remarks>What a family does beyond its numbers is decided by <see cref="Family"/>.</remarks>
public sealed record LlamaConfig
{
    internal const int PositionLimit = 1 << 22;
    internal const int MaxLayers = 1024;

    /// <summary>The family, of <c>architectures</c>.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Llama;

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

    /// <summary>Key and value heads, <c>num_key_value_heads</c>; divides <see cref="Heads"/>, and with <see cref="Latent"/> is as many.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Elements of a head's query, <c>head_dim</c>; even. With <see cref="Latent"/> its <see cref="LatentShape.HeadDim"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Longest sequence, <c>max_position_embeddings</c>.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Base of the rotary frequencies, <c>rope_theta</c>.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Scaling of the rotary frequencies; <see langword="null"/> for none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>
    /// Base of the rotary frequencies of layers with a window, which are not scaled, <c>rope_local_base_freq</c>; <see langword="null"/> where all
    /// layers rotate alike. Of <see cref="ModelFamily.Gemma3"/> alone.
    /// </summary>
    public double? WindowRopeTheta { get; init; }

    /// <summary>
    /// Positions that a layer of <see cref="WindowedLayers"/> sees, the token's own among them, <c>sliding_window</c>; <see langword="null"/> where
    /// there are none.
    /// </summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Layers that look through the window, <c>layer_types</c>.</summary>
    public LayerSet WindowedLayers { get; init; }

    /// <summary>Whether Q, K, V and the output have biases, <c>attention_bias</c>. Of <see cref="ModelFamily.Qwen3"/> alone.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>
    /// Scores are divided by its square root, <c>query_pre_attn_scalar</c>; <see langword="null"/> where that is <see cref="HeadDim"/>'s. Of
    /// <see cref="ModelFamily.Gemma3"/>, always, and of no other.
    /// </summary>
    public double? QueryPreAttentionScalar { get; init; }

    /// <summary>Shape of latent attention; of the DeepSeek families, and of no other.</summary>
    public LatentShape? Latent { get; init; }

    /// <summary>Added to the mean square, <c>rms_norm_eps</c>.</summary>
    public double RmsNormEpsilon { get; init; } = 1e-5;

    /// <summary>Whether the output projection is the embedding, <c>tie_word_embeddings</c>.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Type of weights, activations and KV: float32 or bfloat16. A file's <c>dtype</c> or <c>torch_dtype</c>, where float16 is computed in float32.</summary>
    public KvDType DType { get; init; } = KvDType.Float32;

    /// <summary>Parameters of a model of this shape.</summary>
    public long ParameterCount => LlamaTensors.All(this).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));

    internal FamilyTraits Traits => FamilyTraits.Of(Family);

    internal bool HasQueryKeyValueBias => Traits.HasQueryKeyValueBias || AttentionBias;

    /// <summary>Layout of the KV cache.</summary>
    /// <remarks>A window says what the next tokens need. Every position is kept and stored all the same: a rewind needs it again.</remarks>
    /// <returns>
    /// Grouped-query streams of <see cref="KvHeads"/> × <see cref="HeadDim"/> elements: a full group, a group with a window, or both, the full one
    /// first. With <see cref="Latent"/> a latent and a rope stream.
    /// </returns>
    public KvGeometry ToGeometry()
    {
        if (Latent is { } latent)
        {
            return KvGeometry.LatentAttention(Layers, latent.KvRank, latent.RotaryHeadDim, DType);
        }

        var plain = KvGeometry.GroupedQuery(Layers, KvHeads, HeadDim, DType);
        if (SlidingWindow is not { } window || WindowedLayers.Count == 0)
        {
            return plain;
        }

        var streams = plain.Groups[0].Streams;
        int[] full = [.. Enumerable.Range(0, Layers).Where(layer => !WindowedLayers.Contains(layer))];
        var windowed = new LayerGroup(LayerGroupKind.Window, [.. WindowedLayers], streams, window);
        return new KvGeometry(full.Length == 0 ? [windowed] : [new LayerGroup(LayerGroupKind.Full, [.. full], streams), windowed]);
    }

    /// <summary>Checks every field.</summary>
    /// <param name="source">Where the shape comes from, for the message.</param>
    /// <returns>This.</returns>
    /// <exception cref="ModelFormatException">A field is out of range; the message names it, its value and the limit.</exception>
    public LlamaConfig Validated(string source)
    {
        Require(Enum.IsDefined(Family), $"family {(int)Family} is unknown");
        Range("vocab_size", VocabularySize, 2, 1 << 20);
        Range("hidden_size", HiddenSize, 2, 1 << 16);
        Range("intermediate_size", IntermediateSize, 1, 1 << 18);
        Range("num_hidden_layers", Layers, 1, MaxLayers);
        Range("num_attention_heads", Heads, 1, 1024);
        Range("num_key_value_heads", KvHeads, 1, Heads);
        Range("head_dim", HeadDim, 2, Latent is null ? 1024 : 2048);
        Range("max_position_embeddings", MaxPositions, 1, PositionLimit);
        Require(Heads % KvHeads == 0, $"num_key_value_heads {KvHeads} does not divide num_attention_heads {Heads}");
        Require(Latent is not null || HeadDim % 2 == 0, $"head_dim {HeadDim} is odd; rotary embeddings need pairs");
        Require(RopeTheta is > 0 and < 1e12, $"rope_theta {RopeTheta} is not in (0, 1e12)");
        Require(RopeScaling?.FindFault() is null, RopeScaling?.FindFault() ?? "");
        Require(RopeScaling is not YarnRopeScaling || RopeTheta > 1, $"rope_theta {RopeTheta} is not over 1, as rope_type 'yarn' needs");
        Require(RmsNormEpsilon is > 0 and < 1, $"rms_norm_eps {RmsNormEpsilon} is not in (0, 1)");
        Require(
            DType is KvDType.Float32 or KvDType.BFloat16,
            $"dtype {DType} is not supported; float32 and bfloat16 are");
        RequireTraits(Require);
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

    /// <summary>What a family does not have must be off: a number that nothing would use is an error.</summary>
    private void RequireTraits(Action<bool, string> require)
    {
        var (traits, name) = (Traits, Traits.Architecture);
        require(
            SlidingWindow is null or (>= 1 and <= PositionLimit), $"sliding_window is {SlidingWindow}; it must be 1 to {PositionLimit}");
        require(
            WindowedLayers.Count == 0 || SlidingWindow is not null, $"layers {WindowedLayers} look through a window, and sliding_window is null");
        require(
            SlidingWindow is null || WindowedLayers.Count > 0, $"sliding_window is {SlidingWindow}, and no layer looks through it");
        require(
            WindowedLayers.All(layer => layer >= 0 && layer < Layers), $"layers {WindowedLayers} look through a window; there are {Layers}");
        require(
            WindowedLayers.Count == 0 || traits.Windows != FamilyTraits.WindowRule.Nowhere, $"{name} has no sliding_window");
        require(
            WindowRopeTheta is null == (traits.Windows != FamilyTraits.WindowRule.Alternating) && WindowRopeTheta is null or (> 0 and < 1e12),
            $"rope_local_base_freq is {WindowRopeTheta}; Gemma3ForCausalLM needs one in (0, 1e12), and no other has one");
        require(!AttentionBias || traits.MayHaveAttentionBias, $"attention_bias is true; {name} has none");
        require(
            QueryPreAttentionScalar is null != traits.NormsOutputs && QueryPreAttentionScalar is null or (> 0 and < 1e6),
            $"query_pre_attn_scalar is {QueryPreAttentionScalar}; Gemma3ForCausalLM needs one in (0, 1e6), and no other has one");
        require(Latent is not null == traits.IsLatent, $"{name} {(traits.IsLatent ? "needs" : "has no")} kv_lora_rank");
        require(Latent?.FindFault() is null, Latent?.FindFault() ?? "");
        require(
            Latent is null || (HeadDim == Latent.HeadDim && KvHeads == Heads),
            $"latent attention has num_key_value_heads {Heads} as num_attention_heads and heads of {Latent?.HeadDim}, not {KvHeads} and {HeadDim}");
    }
}
