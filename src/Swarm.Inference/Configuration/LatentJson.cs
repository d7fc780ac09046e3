namespace Swarm.Inference.Configuration;

/// <summary>Reads the shape of latent attention, as the DeepSeek families' configurations have it.</summary>
internal static class LatentJson
{
    public const string QueryRank = "q_lora_rank";
    public const string KvRank = "kv_lora_rank";
    public const string PlainHeadDim = "qk_nope_head_dim";
    public const string RotaryHeadDim = "qk_rope_head_dim";
    public const string ValueHeadDim = "v_head_dim";
    public const string Experts = "n_routed_experts";
    public const string DenseLayers = "first_k_dense_replace";
    private const int DefaultQueryRank = 1536;

    /// <summary>Fields of a configuration that this reads.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [QueryRank, KvRank, PlainHeadDim, RotaryHeadDim, ValueHeadDim, Experts, DenseLayers];

    /// <summary>What mixtures of experts have, and nothing else uses: without experts all of it is idle.</summary>
    public static IReadOnlyList<string> NamesOfExperts { get; } =
    [
        "moe_intermediate_size", "n_shared_experts", "num_experts_per_tok", "moe_layer_freq", "norm_topk_prob", "routed_scaling_factor",
        "scoring_func", "topk_group", "topk_method", "n_group", "aux_loss_alpha", "seq_aux", "ep_size", "num_experts_per_token",
        "output_router_logits", "router_aux_loss_coef",
    ];

    /// <summary>Reads the shape.</summary>
    /// <exception cref="ModelFormatException">A field is missing, or a layer has experts.</exception>
    public static LatentShape Read(JsonFields fields, int layers)
    {
        var dense = fields.Integer(DenseLayers, 0);
        if (fields.IntegerOrNull(Experts) is { } experts and not 0 && dense < layers)
        {
            throw fields.Fault(
                Experts,
                $"is {experts}, and of {layers} layers the first {dense} ({DenseLayers}) are dense; mixtures of experts are not supported. Use a model "
                + "with dense layers alone");
        }

        return new LatentShape(
            fields.Has(QueryRank) ? fields.IntegerOrNull(QueryRank) : DefaultQueryRank,
            fields.Integer(KvRank),
            fields.Integer(PlainHeadDim),
            fields.Integer(RotaryHeadDim),
            fields.Integer(ValueHeadDim));
    }
}
