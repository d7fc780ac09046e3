using System.Runtime.InteropServices;
using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>Random weights of a sensible scale: activations neither vanish nor explode, logits spread by a few units.</summary>
internal static class RandomWeights
{
    private const int ChunkElements = 1 << 16;
    private const float VectorScale = 0.3f;

    /// <summary>Fills an fp32 tensor.</summary>
    public static unsafe void Fill(Tensor tensor, string name, long[] shape, ulong seed, LlamaConfig config)
    {
        var length = tensor.NumberOfElements;
        var span = MemoryMarshal.Cast<byte, float>(tensor.bytes);
        if (shape.Length == 1)
        {
            FillVector(span, name, seed, config);
            return;
        }

        // Uniform with variance 1 / inputs; what feeds the residual stream is scaled down by the number of layers.
        var deviation = 1.0 / Math.Sqrt(shape[1]);
        if (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal))
        {
            deviation /= Math.Sqrt(2.0 * config.Layers);
        }
        else if (name == LlamaTensors.Embedding && !config.TiedEmbeddings)
        {
            deviation = 1;
        }
        else if (name is LlamaTensors.Head or LlamaTensors.Embedding)
        {
            deviation *= 2;
        }

        var scale = (float)(deviation * Math.Sqrt(3));
        var generator = new CounterGenerator(seed, name);
        fixed (float* pointer = span)
        {
            var start = pointer;
            var chunks = (int)((length + ChunkElements - 1) / ChunkElements);
            Parallel.For(0, chunks, chunk =>
            {
                var first = (long)chunk * ChunkElements;
                generator.Fill(
                    new Span<float>(start + first, (int)Math.Min(ChunkElements, length - first)), first, scale);
            });
        }
    }

    /// <summary>Norms around 1 (of a Llama just that, as ever), of families that add 1 around 0; biases around 0.</summary>
    private static void FillVector(Span<float> span, string name, ulong seed, LlamaConfig config)
    {
        span.Fill(1f);
        if (config.Family == ModelFamily.Llama)
        {
            return;
        }

        var middle = config.Traits.NormsAddOne || name.EndsWith("bias", StringComparison.Ordinal) ? 0 : 1;
        new CounterGenerator(seed, name).Fill(span, 0, VectorScale);
        foreach (ref var value in span)
        {
            value += middle;
        }
    }
}
