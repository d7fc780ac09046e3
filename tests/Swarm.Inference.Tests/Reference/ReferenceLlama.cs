using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Tests.Reference;

/// <summary>
/// A Llama decoder in plain loops over doubles, from the papers' formulas: RMSNorm (1910.07467), rotary positions
/// (2104.09864), grouped-query attention (2305.13245), SwiGLU (2002.05202). Computes every position anew; slow and simple.
/// </summary>
internal sealed class ReferenceLlama
{
    private readonly LlamaConfig _config;
    private readonly Dictionary<string, double[]> _weights = [];

    public ReferenceLlama(LlamaModel model)
    {
        _config = model.Config;
        foreach (var (name, tensor) in model.Tensors)
        {
            using var wide = tensor.to(ScalarType.Float64).contiguous();
            _weights[name] = wide.data<double>().ToArray();
        }
    }

    /// <summary>Logits behind every position.</summary>
    public double[][] Logits(IReadOnlyList<int> tokens)
    {
        var hidden = _config.HiddenSize;
        var embedding = _weights["model.embed_tokens.weight"];
        var states = tokens.Select(token => embedding.AsSpan(token * hidden, hidden).ToArray()).ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            Layer(states, $"model.layers.{layer}.");
        }

        var head = _config.TiedEmbeddings ? embedding : _weights["lm_head.weight"];
        return [.. states.Select(state => Multiply(head, Norm(state, _weights["model.norm.weight"])))];
    }

    private void Layer(double[][] states, string prefix)
    {
        var (keys, values) = (new List<double[]>(), new List<double[]>());
        for (var position = 0; position < states.Length; position++)
        {
            var input = Norm(states[position], _weights[prefix + "input_layernorm.weight"]);
            var query = Rotate(Multiply(_weights[prefix + "self_attn.q_proj.weight"], input), position);
            keys.Add(Rotate(Multiply(_weights[prefix + "self_attn.k_proj.weight"], input), position));
            values.Add(Multiply(_weights[prefix + "self_attn.v_proj.weight"], input));
            var attended = Multiply(_weights[prefix + "self_attn.o_proj.weight"], Attend(query, keys, values));
            Add(states[position], attended);

            var inner = Norm(states[position], _weights[prefix + "post_attention_layernorm.weight"]);
            var gate = Multiply(_weights[prefix + "mlp.gate_proj.weight"], inner);
            var up = Multiply(_weights[prefix + "mlp.up_proj.weight"], inner);
            for (var index = 0; index < gate.Length; index++)
            {
                gate[index] = gate[index] / (1 + Math.Exp(-gate[index])) * up[index];
            }

            Add(states[position], Multiply(_weights[prefix + "mlp.down_proj.weight"], gate));
        }
    }

    private double[] Attend(double[] query, List<double[]> keys, List<double[]> values)
    {
        var size = _config.HeadDim;
        var result = new double[query.Length];
        for (var head = 0; head < _config.Heads; head++)
        {
            var kvHead = head / (_config.Heads / _config.KvHeads);
            var scores = new double[keys.Count];
            for (var position = 0; position < keys.Count; position++)
            {
                for (var index = 0; index < size; index++)
                {
                    scores[position] += query[(head * size) + index] * keys[position][(kvHead * size) + index];
                }

                scores[position] /= Math.Sqrt(size);
            }

            var highest = scores.Max();
            var total = scores.Sum(score => Math.Exp(score - highest));
            for (var position = 0; position < keys.Count; position++)
            {
                var share = Math.Exp(scores[position] - highest) / total;
                for (var index = 0; index < size; index++)
                {
                    result[(head * size) + index] += share * values[position][(kvHead * size) + index];
                }
            }
        }

        return result;
    }

    private double[] Rotate(double[] heads, int position)
    {
        var (size, half) = (_config.HeadDim, _config.HeadDim / 2);
        var result = new double[heads.Length];
        for (var start = 0; start < heads.Length; start += size)
        {
            for (var index = 0; index < half; index++)
            {
                var angle = position * Scaled(1 / Math.Pow(_config.RopeTheta, 2.0 * index / size));
                var (a, b) = (heads[start + index], heads[start + half + index]);
                result[start + index] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                result[start + half + index] = (b * Math.Cos(angle)) + (a * Math.Sin(angle));
            }
        }

        return result;
    }

    // By wavelengths, as Llama 3.1's own code does; the model blends by frequencies.
    private double Scaled(double frequency)
    {
        if (_config.RopeScaling is LinearRopeScaling linear)
        {
            return frequency / linear.Factor;
        }

        if (_config.RopeScaling is not Llama3RopeScaling llama3)
        {
            return frequency;
        }

        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < llama3.OriginalMaxPositions / llama3.HighFrequencyFactor)
        {
            return frequency;
        }

        if (wavelength > llama3.OriginalMaxPositions / llama3.LowFrequencyFactor)
        {
            return frequency / llama3.Factor;
        }

        var smooth = ((llama3.OriginalMaxPositions / wavelength) - llama3.LowFrequencyFactor)
            / (llama3.HighFrequencyFactor - llama3.LowFrequencyFactor);
        return ((1 - smooth) * frequency / llama3.Factor) + (smooth * frequency);
    }

    private double[] Norm(double[] input, double[] weight)
    {
        var scale = 1 / Math.Sqrt((input.Sum(value => value * value) / input.Length) + _config.RmsNormEpsilon);
        return [.. input.Select((value, index) => value * scale * weight[index])];
    }

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
