using Swarm.Inference.Configuration;
using TorchSharp;
using static TorchSharp.torch;

namespace Swarm.Inference.Model;

/// <summary>A model's weights on their device: by name, and as the decoder uses them.</summary>
internal sealed class ModelWeights : IDisposable
{
    private readonly LlamaConfig _config;
    private readonly Dictionary<string, Tensor> _tensors;
    private readonly List<Tensor> _made = []; // Joined, or with 1 added.

    /// <summary>Takes the tensors over.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="tensors">Every tensor of it, in the host's memory.</param>
    /// <param name="device">Where they are computed with.</param>
    public ModelWeights(LlamaConfig config, Dictionary<string, Tensor> tensors, Device device)
    {
        (_config, _tensors) = (config, tensors);
        foreach (var key in tensors.Keys.ToArray())
        {
            tensors[key] = MoveTo(tensors[key], device);
        }

        Layers = [.. Enumerable.Range(0, config.Layers).Select(Layer)];
        FinalNorm = Norm(LlamaTensors.FinalNorm, config.RmsNormEpsilon);
    }

    /// <summary>All by name; those that were joined are views.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    public IReadOnlyList<LayerWeights> Layers { get; }

    public Tensor Embedding => _tensors[LlamaTensors.Embedding];

    public RmsNorm FinalNorm { get; }

    public Tensor Head => _config.TiedEmbeddings ? Embedding : _tensors[LlamaTensors.Head];

    public void Dispose()
    {
        foreach (var tensor in _tensors.Values.Concat(_made))
        {
            tensor.Dispose();
        }
    }

    private LayerWeights Layer(int layer)
    {
        var (traits, epsilon) = (_config.Traits, _config.RmsNormEpsilon);
        return new LayerWeights(
            Norm("input_layernorm"),
            _config.Latent is { } shape ? Latent(layer, shape) : Grouped(layer),
            traits.NormsOutputs ? Norm("post_attention_layernorm") : null,
            Norm(traits.NormsOutputs ? "pre_feedforward_layernorm" : "post_attention_layernorm"),
            Join([.. ((string[])["mlp.gate_proj", "mlp.up_proj"]).Select(part => LlamaTensors.Of(layer, part))]),
            _tensors[LlamaTensors.Of(layer, "mlp.down_proj")],
            traits.NormsOutputs ? Norm("post_feedforward_layernorm") : null);

        RmsNorm Norm(string part) => this.Norm(LlamaTensors.Of(layer, part), epsilon);
    }

    private GroupedAttention Grouped(int layer)
    {
        string[] parts = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
        var hasNorms = _config.Traits.HasQueryKeyNorm;
        var weights = new GroupedWeights(
            Join([.. parts.Select(part => LlamaTensors.Of(layer, part))]),
            _config.HasQueryKeyValueBias ? Join([.. parts.Select(part => LlamaTensors.BiasOf(layer, part))]) : null,
            hasNorms ? Norm(LlamaTensors.Of(layer, "self_attn.q_norm"), _config.RmsNormEpsilon) : null,
            hasNorms ? Norm(LlamaTensors.Of(layer, "self_attn.k_norm"), _config.RmsNormEpsilon) : null,
            _tensors[LlamaTensors.Of(layer, "self_attn.o_proj")],
            _config.AttentionBias ? _tensors[LlamaTensors.BiasOf(layer, "self_attn.o_proj")] : null);
        return new GroupedAttention(_config, weights, layer);
    }

    private LatentAttention Latent(int layer, LatentShape shape)
    {
        // [heads, key and value, latent]: both parts are views.
        var up = Keep(_tensors[LlamaTensors.Of(layer, "self_attn.kv_b_proj")]
            .view(_config.Heads, shape.PlainHeadDim + shape.ValueHeadDim, shape.KvRank));
        var isCompressed = shape.QueryRank is not null;
        var weights = new LatentWeights(
            isCompressed ? _tensors[LlamaTensors.Of(layer, "self_attn.q_a_proj")] : null,
            isCompressed ? Norm(LlamaTensors.Of(layer, "self_attn.q_a_layernorm"), LatentShape.NormEpsilon) : null,
            _tensors[LlamaTensors.Of(layer, isCompressed ? "self_attn.q_b_proj" : "self_attn.q_proj")],
            _tensors[LlamaTensors.Of(layer, "self_attn.kv_a_proj_with_mqa")],
            Norm(LlamaTensors.Of(layer, "self_attn.kv_a_layernorm"), LatentShape.NormEpsilon),
            Keep(up.narrow(1, 0, shape.PlainHeadDim)),
            Keep(up.narrow(1, shape.PlainHeadDim, shape.ValueHeadDim)),
            _tensors[LlamaTensors.Of(layer, "self_attn.o_proj")]);
        return new LatentAttention(_config, shape, weights, layer);
    }

    private RmsNorm Norm(string name, double epsilon)
    {
        if (!_config.Traits.NormsAddOne)
        {
            return new RmsNorm(_tensors[name], epsilon, isWide: false);
        }

        using var wide = _tensors[name].to(ScalarType.Float32, copy: true);
        return new RmsNorm(Keep(wide.add(1)), epsilon, isWide: true);
    }

    // One product instead of several; the parts stay in the table as views, so that nothing is held twice.
    private Tensor Join(string[] names)
    {
        var joined = Keep(cat([.. names.Select(name => _tensors[name])], 0));
        long first = 0;
        foreach (var name in names)
        {
            using var part = _tensors[name];
            _tensors[name] = joined.narrow(0, first, part.shape[0]).DetachFromDisposeScope();
            first += part.shape[0];
        }

        return joined;
    }

    private Tensor Keep(Tensor tensor)
    {
        _made.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private static Tensor MoveTo(Tensor tensor, Device device)
    {
        if (device.type == DeviceType.CPU)
        {
            return tensor.DetachFromDisposeScope();
        }

        using (tensor)
        {
            return tensor.to(device).DetachFromDisposeScope();
        }
    }
}
