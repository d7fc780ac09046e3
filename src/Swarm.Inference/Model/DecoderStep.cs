using Swarm.Inference.Cache;
using Swarm.Inference.Configuration;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Swarm.Inference.Model;

/// <summary>Computes one step of the decoder over a paged KV cache.</summary>
/// <remarks>
/// Deterministic for a build, device and number of threads: every operand has the same shape, strides and alignment
/// whether its KV was computed or imported, and wherever its blocks lie.
/// </remarks>
internal sealed class DecoderStep(LlamaModel model, KvBlockPool pool, BlockTable table)
{
    private readonly LlamaConfig _config = model.Config;
    private readonly KvSequence _kv = new(pool, table, model.Device);
    private readonly double? _embeddingScale = model.Config.Traits.ScalesEmbedding ? RoundedRoot(model.Config.HiddenSize, model.ScalarType) : null;
    private readonly Rotary _rotary =
        new(model.Config.Latent?.RotaryHeadDim ?? model.Config.HeadDim, model.Config.RopeTheta, model.Config.RopeScaling);

    private readonly Rotary? _windowRotary =
        model.Config.WindowRopeTheta is { } theta ? new Rotary(model.Config.HeadDim, theta, null) : null;

    /// <summary>Writes the KV of the step's positions into their reserved blocks and gives the last one's logits.</summary>
    /// <param name="tokens">Valid token ids.</param>
    /// <param name="past">Positions before the step.</param>
    /// <param name="logits">One for each token id.</param>
    public void Run(ReadOnlySpan<int> tokens, int past, Span<float> logits)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var count = tokens.Length;
        var state = Embed(tokens);
        var full = _config.WindowedLayers.Count == _config.Layers ? null : See(null, _rotary);
        var windowed = _config.WindowedLayers.Count == 0 ? null : See(_config.SlidingWindow, _windowRotary ?? _rotary);
        _kv.Begin(past, count);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            using var layerScope = NewDisposeScope();
            var weights = model.Weights.Layers[layer];
            var sight = _config.WindowedLayers.Contains(layer) ? windowed! : full!;
            var attended = weights.Attention.Run(weights.InputNorm.Apply(state), sight, _kv);
            state = state.add(weights.AttentionNorm?.Apply(attended) ?? attended);
            var fed = FeedForward(weights.FeedForwardNorm.Apply(state), weights);
            state = state.add_(weights.OutputNorm?.Apply(fed) ?? fed).MoveToOuterDisposeScope();
        }

        var last = model.Weights.FinalNorm.Apply(state.narrow(0, count - 1, 1));
        functional.linear(last, model.Weights.Head).to(ScalarType.Float32).cpu().data<float>().CopyTo(logits);

        LayerSight See(int? window, Rotary rotary) => LayerSight.Of(window, past, count, rotary, model.ScalarType, model.Device);
    }

    private Tensor Embed(ReadOnlySpan<int> tokens)
    {
        var ids = new long[tokens.Length];
        for (var index = 0; index < ids.Length; index++)
        {
            ids[index] = tokens[index];
        }

        var embedded = model.Weights.Embedding.index_select(0, tensor(ids, device: model.Device));
        return _embeddingScale is { } scale ? embedded.mul_(scale) : embedded;
    }

    /// <summary>A gated linear unit (Shazeer, arXiv 2002.05202).</summary>
    private Tensor FeedForward(Tensor input, LayerWeights weights)
    {
        var inner = functional.linear(input, weights.GateUp);
        var plain = inner.narrow(1, 0, _config.IntermediateSize);
        var gate = _config.Traits.HasGelu ? Gelu(plain) : functional.silu(plain);
        gate.mul_(inner.narrow(1, _config.IntermediateSize, _config.IntermediateSize));
        return functional.linear(gate, weights.Down);
    }

    /// <summary>GELU by its tanh form (Hendrycks and Gimpel, arXiv 1606.08415), in fp32.</summary>
    private static Tensor Gelu(Tensor input)
    {
        var wide = input.to(ScalarType.Float32);
        var inner = wide.mul(wide).mul_(wide).mul_(0.044715).add_(wide).mul_(Math.Sqrt(2 / Math.PI));
        return inner.tanh_().add_(1).mul_(wide).mul_(0.5).to(input.dtype);
    }

    /// <summary>A square root as it is in a type.</summary>
    private static double RoundedRoot(int number, ScalarType type)
    {
        using var root = tensor((float)Math.Sqrt(number));
        using var rounded = root.to(type);
        using var wide = rounded.to(ScalarType.Float32);
        return wide.item<float>();
    }
}
