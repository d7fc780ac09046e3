using System.Runtime.InteropServices;
using Swarm.Gguf;
using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Export;

/// <summary>Writes a model as GGUF, as llama.cpp's own converter would: names, shapes, and the order of rows.</summary>
/// <param name="config">The configuration.</param>
/// <param name="tensors">All tensors, by Hugging Face's names.</param>
internal sealed class GgufExport(LlamaConfig config, IReadOnlyDictionary<string, Tensor> tensors)
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Writes the file.</summary>
    /// <exception cref="NotSupportedException">llama.cpp would compute the model otherwise; the message names what.</exception>
    public void Write(string path, string name, GgufExportOptions options)
    {
        if (!GgufElements.CanConvert(options.Type))
        {
            throw new ArgumentException($"{options.Type} is not written; Float32, Float16, BFloat16 and Q8_0 are.", nameof(options));
        }

        var writer = new GgufWriter();
        var metadata = new GgufMetadataWriter(config, writer);
        metadata.RequireExpressible();
        metadata.Write(name, options.Type);
        WriteVocabulary(writer, options);
        if (config.RopeScaling is Llama3RopeScaling scaling)
        {
            AddFactors(writer, scaling);
        }

        foreach (var (ours, _) in LlamaTensors.All(config))
        {
            if (ours.EndsWith("self_attn.kv_b_proj.weight", StringComparison.Ordinal))
            {
                AddLatentParts(writer, ours, options.Type);
            }
            else
            {
                Add(writer, GgufNames.Of(ours, config.Traits), options.Type, tensors[ours].shape, Order(ours));
            }
        }

        writer.Write(path);
    }

    private void WriteVocabulary(GgufWriter writer, GgufExportOptions options)
    {
        if (options.Vocabulary.Count == 0)
        {
            writer.Add("tokenizer.ggml.model", "no_vocab");
        }

        foreach (var (key, value) in options.Vocabulary)
        {
            if (!key.StartsWith("tokenizer.", StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{key}' is no key of a vocabulary: these begin with 'tokenizer.'.", nameof(options));
            }

            if (key == "tokenizer.ggml.tokens" && value.Count != config.VocabularySize)
            {
                throw new ArgumentException(
                    $"'{key}' has {value.Count} tokens, and the model {config.VocabularySize}; add or remove some so that each row has one.", nameof(options));
            }

            writer.Add(key, value);
        }
    }

    /// <summary>How a tensor's elements are taken: as they are, with 1 added, or with rows of heads in another order.</summary>
    private Func<Tensor> Order(string name)
    {
        var tensor = tensors[name];
        var isNorm = name.EndsWith("norm.weight", StringComparison.Ordinal);
        if (isNorm && config.Traits.NormsAddOne)
        {
            return () => tensor.to(ScalarType.Float32).add(1);
        }

        var isRotated = name.Contains("self_attn.q_proj.", StringComparison.Ordinal) || name.Contains("self_attn.k_proj.", StringComparison.Ordinal);
        if (!isRotated || GgufNames.Architecture(config.Family) != "llama")
        {
            return () => tensor.alias();
        }

        // llama.cpp rotates neighbours in this architecture: element i of a half comes beside element i of the other.
        long[] shape = [tensor.shape[0] / config.HeadDim, 2, config.HeadDim / 2, .. tensor.shape[1..]];
        return () => tensor.view(shape).transpose(1, 2).reshape(tensor.shape);
    }

    // Keys' rows become columns: llama.cpp multiplies queries by them.
    private void AddLatentParts(GgufWriter writer, string name, GgufTensorType type)
    {
        var shape = config.Latent!;
        var layer = int.Parse(name.Split('.')[2], System.Globalization.CultureInfo.InvariantCulture);
        var both = tensors[name];
        Add(
            writer, GgufNames.Of(layer, "attn_k_b"), type, [config.Heads, shape.KvRank, shape.PlainHeadDim],
            () => Heads().narrow(1, 0, shape.PlainHeadDim).transpose(1, 2));
        Add(
            writer, GgufNames.Of(layer, "attn_v_b"), type, [config.Heads, shape.ValueHeadDim, shape.KvRank],
            () => Heads().narrow(1, shape.PlainHeadDim, shape.ValueHeadDim));

        Tensor Heads() => both.view(config.Heads, shape.PlainHeadDim + shape.ValueHeadDim, shape.KvRank);
    }

    private void AddFactors(GgufWriter writer, Llama3RopeScaling scaling)
    {
        var factors = Enumerable.Range(0, config.HeadDim / 2)
            .Select(index => new RopeFrequency(index, config.HeadDim, config.RopeTheta))
            .Select(frequency => (float)(frequency.Plain / scaling.Scale(frequency)))
            .ToArray();
        writer.AddTensor("rope_freqs.weight", GgufTensorType.Float32, [factors.Length], stream => Encode(factors, GgufTensorType.Float32, "rope_freqs.weight", stream));
    }

    private static void Add(GgufWriter writer, string name, GgufTensorType type, long[] shape, Func<Tensor> make)
    {
        var chosen = shape.Length == 1 ? GgufTensorType.Float32
            : type == GgufTensorType.Q8_0 && shape[^1] % type.BlockElements() != 0 ? GgufTensorType.Float16
            : type;
        writer.AddTensor(name, chosen, [.. shape.Reverse()], stream =>
        {
            using var scope = NewDisposeScope();
            var host = make().to(ScalarType.Float32).cpu().contiguous();
            Encode(MemoryMarshal.Cast<byte, float>(host.bytes), chosen, name, stream);
        });
    }

    private static void Encode(ReadOnlySpan<float> values, GgufTensorType type, string name, Stream stream)
    {
        var buffer = new byte[type.RowBytes(Math.Min(values.Length, ChunkElements))];
        for (var first = 0; first < values.Length; first += ChunkElements)
        {
            var chunk = values.Slice(first, Math.Min(ChunkElements, values.Length - first));
            var bytes = buffer.AsSpan(0, (int)type.RowBytes(chunk.Length));
            RequireRange(chunk, type, name);
            GgufElements.Encode(type, chunk, bytes);
            stream.Write(bytes);
        }
    }

    private static void RequireRange(ReadOnlySpan<float> values, GgufTensorType type, string name)
    {
        if (type != GgufTensorType.Float16)
        {
            return;
        }

        foreach (var value in values)
        {
            if (float.IsFinite(value) && !Half.IsFinite((Half)value))
            {
                throw new NotSupportedException($"Tensor '{name}' holds {value}, which Float16 cannot express; export as BFloat16 or Float32.");
            }
        }
    }
}
