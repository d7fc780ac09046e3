using Swarm.Inference.Configuration;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Swarm.Inference.Model;

/// <summary>Weights of grouped-query attention; those of one input are joined, one below the other.</summary>
/// <param name="QueryKeyValue">Q, K and V, [out, in].</param>
/// <param name="QueryKeyValueBias">Their biases; or none.</param>
/// <param name="QueryNorm">Of each head's query, before it is rotated; or none.</param>
/// <param name="KeyNorm">Of each head's key, before it is rotated; or none.</param>
/// <param name="Output">Behind attention, [out, in].</param>
/// <param name="OutputBias">Its bias; or none.</param>
internal sealed record GroupedWeights(
    Tensor QueryKeyValue, Tensor? QueryKeyValueBias, RmsNorm? QueryNorm, RmsNorm? KeyNorm, Tensor Output, Tensor? OutputBias);

/// <summary>Grouped-query attention (Ainslie et al., arXiv 2305.13245), full or through a window.</summary>
internal sealed class GroupedAttention(LlamaConfig config, GroupedWeights weights, int layer) : Attention
{
    private readonly double _queryScale =
        config.QueryPreAttentionScalar is { } scalar ? Math.Sqrt(config.HeadDim / scalar) : 1; // The product has 1 / √head by itself.

    /// <inheritdoc/>
    public override Tensor Run(Tensor input, LayerSight sight, KvSequence kv)
    {
        var (count, head) = ((int)input.shape[0], (long)config.HeadDim);
        var heads = functional.linear(input, weights.QueryKeyValue, weights.QueryKeyValueBias)
            .view(count, config.Heads + (2 * config.KvHeads), head);
        var rotated = Rotate(heads, sight).to(input.dtype);
        kv.Store(layer, 0, rotated.narrow(1, config.Heads, config.KvHeads));
        kv.Store(layer, 1, heads.narrow(1, config.Heads + config.KvHeads, config.KvHeads));

        // Query heads [kv head, group] share the KV head. For one token the group is the rows of one product, so that KV
        // is read once; for a chunk the group is a batch whose K and V are the same memory (stride 0).
        var group = config.Heads / config.KvHeads;
        var query = rotated.narrow(1, 0, config.Heads).view(count, config.KvHeads, group, head);
        var keys = Gather(kv, 0, sight.First);
        var values = Gather(kv, 1, sight.First);
        var attended = count == 1
            ? functional.scaled_dot_product_attention(query, keys, values, sight.Mask)
            : functional
                .scaled_dot_product_attention(
                    query.permute(2, 1, 0, 3), keys.expand(group, -1, -1, -1), values.expand(group, -1, -1, -1), sight.Mask)
                .permute(2, 1, 0, 3);
        return functional.linear(attended.reshape(count, config.Heads * head), weights.Output, weights.OutputBias);
    }

    /// <summary>Queries and keys, rotated, fp32.</summary>
    private Tensor Rotate(Tensor heads, LayerSight sight)
    {
        var plain = heads.narrow(1, 0, config.Heads + config.KvHeads);
        if (weights is { QueryNorm: { } queryNorm, KeyNorm: { } keyNorm })
        {
            plain = cat(
                [queryNorm.Apply(plain.narrow(1, 0, config.Heads)), keyNorm.Apply(plain.narrow(1, config.Heads, config.KvHeads))], 1);
        }

        var rotated = Rotary.Apply(plain.to(ScalarType.Float32), sight);
        if (_queryScale != 1)
        {
            rotated.narrow(1, 0, config.Heads).mul_(_queryScale);
        }

        return rotated;
    }

    /// <summary>K or V from a position on, [1, KV heads, positions, head].</summary>
    private Tensor Gather(KvSequence kv, int stream, int first)
    {
        var rows = kv.Gather(layer, stream, first);
        return rows.view(1, rows.shape[0], config.KvHeads, config.HeadDim).transpose(1, 2);
    }
}
