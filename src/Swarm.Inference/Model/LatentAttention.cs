using Swarm.Inference.Configuration;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Swarm.Inference.Model;

/// <summary>Weights of latent attention, [out, in].</summary>
/// <param name="QueryDown">Compresses what queries are made of; or none.</param>
/// <param name="QueryNorm">Normalises that; or none.</param>
/// <param name="Query">Gives the heads' queries.</param>
/// <param name="KvDown">Gives the latent, and the shared key that is rotated.</param>
/// <param name="KvNorm">Normalises the latent.</param>
/// <param name="KeyUp">Gives each head's plain key of the latent, [heads, key, latent].</param>
/// <param name="ValueUp">Gives each head's value of the latent, [heads, value, latent].</param>
/// <param name="Output">Behind attention.</param>
internal sealed record LatentWeights(
    Tensor? QueryDown, RmsNorm? QueryNorm, Tensor Query, Tensor KvDown, RmsNorm KvNorm, Tensor KeyUp, Tensor ValueUp, Tensor Output);

/// <summary>Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).</summary>
/// <remarks>
/// Only the normalised latent and the rotated key are cached. The projections of keys and values are absorbed: a query is taken to the latent's
/// space, and what was attended to is taken out of it, so that no key or value of a past position is ever made.
/// </remarks>
internal sealed class LatentAttention(LlamaConfig config, LatentShape shape, LatentWeights weights, int layer) : Attention
{
    private const long MaxScores = 1 << 24; // Elements at once: 64 MiB in fp32.

    private readonly double _scale = (config.RopeScaling?.LatentScaleFactor ?? 1) / Math.Sqrt(shape.HeadDim);

    /// <inheritdoc/>
    public override Tensor Run(Tensor input, LayerSight sight, KvSequence kv)
    {
        var (count, heads) = (input.shape[0], config.Heads);
        var compressed = functional.linear(input, weights.KvDown);
        var query = Query(input).view(count, heads, shape.HeadDim);
        var rotated = Rotate(query, compressed.narrow(1, shape.KvRank, shape.RotaryHeadDim), sight);
        kv.Store(layer, 0, weights.KvNorm.Apply(compressed.narrow(1, 0, shape.KvRank)).unsqueeze(1));
        kv.Store(layer, 1, rotated.narrow(1, heads, 1));

        var absorbed = query.narrow(2, 0, shape.PlainHeadDim).transpose(0, 1).bmm(weights.KeyUp); // [heads, count, latent]
        var turned = rotated.narrow(1, 0, heads).transpose(0, 1);
        var (latents, keys) = (kv.Gather(layer, 0, sight.First), kv.Gather(layer, 1, sight.First));
        var most = Math.Max(1, MaxScores / (heads * latents.shape[0]));
        var parts = new List<Tensor>();
        for (long done = 0; done < count; done += most)
        {
            var run = Math.Min(most, count - done);
            parts.Add(Attend(absorbed.narrow(1, done, run), turned.narrow(1, done, run), latents, keys, sight.Mask?.narrow(2, done, run)));
        }

        var attended = parts.Count == 1 ? parts[0] : cat(parts, 1);
        var values = attended.bmm(weights.ValueUp.transpose(1, 2)); // [heads, count, value]
        return functional.linear(values.transpose(0, 1).reshape(count, heads * shape.ValueHeadDim), weights.Output);
    }

    private Tensor Query(Tensor input)
    {
        var source = weights is { QueryDown: { } down, QueryNorm: { } norm } ? norm.Apply(functional.linear(input, down)) : input;
        return functional.linear(source, weights.Query);
    }

    /// <summary>The heads' queries and behind them the shared key, rotated, [count, heads + 1, rotary].</summary>
    /// <remarks>Pairs are neighbours in the weights, as these families have them; they are taken apart, so that all rotate alike.</remarks>
    private Tensor Rotate(Tensor query, Tensor key, LayerSight sight)
    {
        var plain = cat([query.narrow(2, shape.PlainHeadDim, shape.RotaryHeadDim), key.unsqueeze(1)], 1).to(ScalarType.Float32);
        var (count, heads, size) = (plain.shape[0], plain.shape[1], plain.shape[2]);
        var halves = plain.view(count, heads, size / 2, 2).transpose(2, 3).reshape(count, heads, size);
        return Rotary.Apply(halves, sight).to(query.dtype);
    }

    /// <summary>What some queries attend to, in the latent's space, [heads, count, latent].</summary>
    private Tensor Attend(Tensor absorbed, Tensor turned, Tensor latents, Tensor keys, Tensor? mask)
    {
        var (heads, count, length) = (absorbed.shape[0], absorbed.shape[1], latents.shape[0]);
        var scores = turned.reshape(heads * count, shape.RotaryHeadDim).matmul(keys.t())
            .addmm_(absorbed.reshape(heads * count, shape.KvRank), latents.t())
            .to(ScalarType.Float32)
            .mul_(_scale);
        if (mask is not null)
        {
            scores.view(heads, count, length).add_(mask.view(1, count, length));
        }

        return scores.softmax(-1).to(latents.dtype).matmul(latents).view(heads, count, shape.KvRank);
    }
}
