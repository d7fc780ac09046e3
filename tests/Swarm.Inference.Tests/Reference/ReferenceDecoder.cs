using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Tests.Reference;

/// <summary>
/// The families' decoders in plain loops over doubles, from the papers' formulas: RMSNorm (1910.07467), rotary positions (2104.09864),
/// grouped-query attention (2305.13245), SwiGLU (2002.05202), latent attention with every key and value made (2405.04434). Computes every position anew;
/// slow and simple. It knows a family by its name, and nothing of the decoder's own traits.
/// </summary>
internal sealed class ReferenceDecoder
{
    private readonly LlamaConfig _config;
    private readonly Dictionary<string, double[]> _weights = [];

    public ReferenceDecoder(LlamaModel model)
    {
        _config = model.Config;
        foreach (var (name, tensor) in model.Tensors)
        {
            using var wide = tensor.to(ScalarType.Float64).contiguous();
            _weights[name] = wide.data<double>().ToArray();
        }
    }

    private bool IsGemma => _config.Family == ModelFamily.Gemma3;

    /// <summary>Logits behind every position.</summary>
    public double[][] Logits(IReadOnlyList<int> tokens)
    {
        var hidden = _config.HiddenSize;
        var embedding = _weights["model.embed_tokens.weight"];
        var factor = IsGemma ? Math.Sqrt(hidden) : 1;
        var states = tokens
            .Select(token => embedding.AsSpan(token * hidden, hidden).ToArray().Select(value => value * factor).ToArray())
            .ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            Layer(states, layer);
        }

        var head = _config.TiedEmbeddings ? embedding : _weights["lm_head.weight"];
        return [.. states.Select(state => Multiply(head, Norm(state, "model.norm.weight")))];
    }

    private void Layer(double[][] states, int layer)
    {
        var prefix = $"model.layers.{layer}.";
        var attention = _config.Latent is null ? Grouped(layer) : Latent(layer, _config.Latent);
        for (var position = 0; position < states.Length; position++)
        {
            var attended = attention(Norm(states[position], prefix + "input_layernorm.weight"), position);
            Add(states[position], IsGemma ? Norm(attended, prefix + "post_attention_layernorm.weight") : attended);

            var inner = Norm(states[position], prefix + (IsGemma ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight"));
            var gate = Multiply(_weights[prefix + "mlp.gate_proj.weight"], inner);
            var up = Multiply(_weights[prefix + "mlp.up_proj.weight"], inner);
            for (var index = 0; index < gate.Length; index++)
            {
                gate[index] = Activate(gate[index]) * up[index];
            }

            var fed = Multiply(_weights[prefix + "mlp.down_proj.weight"], gate);
            Add(states[position], IsGemma ? Norm(fed, prefix + "post_feedforward_layernorm.weight") : fed);
        }
    }

    private double Activate(double value) => IsGemma
        ? 0.5 * value * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (value + (0.044715 * value * value * value))))
        : value / (1 + Math.Exp(-value));

    /// <summary>Grouped-query attention of a layer: what a position's normalised state gives, positions in their order.</summary>
    private Func<double[], int, double[]> Grouped(int layer)
    {
        var prefix = $"model.layers.{layer}.self_attn.";
        var (size, group) = (_config.HeadDim, _config.Heads / _config.KvHeads);
        var isWindowed = _config.WindowedLayers.Contains(layer);
        var theta = isWindowed && IsGemma ? _config.WindowRopeTheta!.Value : _config.RopeTheta;
        var scaling = isWindowed && IsGemma ? null : _config.RopeScaling;
        var root = Math.Sqrt(IsGemma ? _config.QueryPreAttentionScalar!.Value : size);
        var (keys, values) = (new List<double[][]>(), new List<double[][]>());
        return (input, position) =>
        {
            var query = Heads(Project(prefix + "q_proj", input), size);
            var key = Heads(Project(prefix + "k_proj", input), size);
            if (_weights.ContainsKey(prefix + "q_norm.weight"))
            {
                query = [.. query.Select(head => Norm(head, prefix + "q_norm.weight"))];
                key = [.. key.Select(head => Norm(head, prefix + "k_norm.weight"))];
            }

            keys.Add([.. key.Select(head => RotateHalves(head, position, theta, scaling))]);
            values.Add(Heads(Project(prefix + "v_proj", input), size));
            var first = isWindowed ? Math.Max(0, position - _config.SlidingWindow!.Value + 1) : 0;
            var result = query.SelectMany((head, index) => Attend(
                RotateHalves(head, position, theta, scaling),
                [.. keys.Skip(first).Select(all => all[index / group])],
                [.. values.Skip(first).Select(all => all[index / group])],
                1 / root));
            return Project(prefix + "o_proj", [.. result]);
        };
    }

    /// <summary>Latent attention of a layer, as it was trained: keys and values of all heads are made of the latents.</summary>
    private Func<double[], int, double[]> Latent(int layer, LatentShape shape)
    {
        var prefix = $"model.layers.{layer}.self_attn.";
        var (plain, rotary) = (shape.PlainHeadDim, shape.RotaryHeadDim);
        var scale = 1 / Math.Sqrt(plain + rotary);
        if (_config.RopeScaling is YarnRopeScaling { MscaleAllDim: not 0 } yarn)
        {
            var magnitude = (0.1 * yarn.MscaleAllDim * Math.Log(yarn.Factor)) + 1;
            scale *= magnitude * magnitude;
        }

        var (keys, values) = (new List<double[][]>(), new List<double[][]>());
        return (input, position) =>
        {
            var source = shape.QueryRank is null
                ? Project(prefix + "q_proj", input)
                : Project(prefix + "q_b_proj", Norm(Project(prefix + "q_a_proj", input), prefix + "q_a_layernorm.weight", 1e-6));
            var compressed = Project(prefix + "kv_a_proj_with_mqa", input);
            var shared = RotatePairs(compressed[shape.KvRank..], position);
            var parts = Heads(
                Project(prefix + "kv_b_proj", Norm(compressed[..shape.KvRank], prefix + "kv_a_layernorm.weight", 1e-6)), plain + shape.ValueHeadDim);
            keys.Add([.. parts.Select(part => (double[])[.. part[..plain], .. shared])]);
            values.Add([.. parts.Select(part => part[plain..])]);
            var result = Heads(source, plain + rotary).SelectMany((head, index) => Attend(
                [.. head[..plain], .. RotatePairs(head[plain..], position)], [.. keys.Select(all => all[index])], [.. values.Select(all => all[index])], scale));
            return Project(prefix + "o_proj", [.. result]);
        };
    }

    private static double[] Attend(double[] query, double[][] keys, double[][] values, double scale)
    {
        var scores = new double[keys.Length];
        for (var position = 0; position < keys.Length; position++)
        {
            for (var index = 0; index < query.Length; index++)
            {
                scores[position] += scale * query[index] * keys[position][index];
            }
        }

        var highest = scores.Max();
        var total = scores.Sum(score => Math.Exp(score - highest));
        var result = new double[values[0].Length];
        for (var position = 0; position < values.Length; position++)
        {
            var share = Math.Exp(scores[position] - highest) / total;
            for (var index = 0; index < result.Length; index++)
            {
                result[index] += share * values[position][index];
            }
        }

        return result;
    }

    /// <summary>Rotates element i with element i + half.</summary>
    private static double[] RotateHalves(double[] head, int position, double theta, RopeScaling? scaling)
    {
        var half = head.Length / 2;
        var result = new double[head.Length];
        for (var index = 0; index < half; index++)
        {
            var angle = position * ReferenceRope.Frequency(index, head.Length, theta, scaling);
            var magnitude = ReferenceRope.Magnitude(scaling);
            var (a, b) = (head[index], head[half + index]);
            result[index] = magnitude * ((a * Math.Cos(angle)) - (b * Math.Sin(angle)));
            result[half + index] = magnitude * ((b * Math.Cos(angle)) + (a * Math.Sin(angle)));
        }

        return result;
    }

    /// <summary>Rotates each element with its neighbour, in their places.</summary>
    private double[] RotatePairs(double[] head, int position)
    {
        var result = new double[head.Length];
        for (var index = 0; index < head.Length / 2; index++)
        {
            var angle = position * ReferenceRope.Frequency(index, head.Length, _config.RopeTheta, _config.RopeScaling);
            var factor = new System.Numerics.Complex(Math.Cos(angle), Math.Sin(angle)) * ReferenceRope.Magnitude(_config.RopeScaling);
            var turned = new System.Numerics.Complex(head[2 * index], head[(2 * index) + 1]) * factor;
            (result[2 * index], result[(2 * index) + 1]) = (turned.Real, turned.Imaginary);
        }

        return result;
    }

    private double[] Norm(double[] input, string weight, double? epsilon = null)
    {
        var scale = 1 / Math.Sqrt((input.Sum(value => value * value) / input.Length) + (epsilon ?? _config.RmsNormEpsilon));
        return [.. input.Select((value, index) => value * scale * (_weights[weight][index] + (IsGemma ? 1 : 0)))];
    }

    private double[] Project(string name, double[] input)
    {
        var result = Multiply(_weights[name + ".weight"], input);
        if (_weights.TryGetValue(name + ".bias", out var bias))
        {
            Add(result, bias);
        }

        return result;
    }

    private static double[][] Heads(double[] values, int size) => [.. values.Chunk(size)];

    private static double[] Multiply(double[] matrix, double[] vector)
    {
        var result = new double[matrix.Length / vector.Length];
        for (var row = 0; row < result.Length; row++)
        {
            for (var column = 0; column < vector.Length; column++)
            {
                result[row] += matrix[(row * vector.Length) + column] * vector[column];
            }
        }

        return result;
    }

    private static void Add(double[] target, double[] values)
    {
        for (var index = 0; index < target.Length; index++)
        {
            target[index] += values[index];
        }
    }
}
