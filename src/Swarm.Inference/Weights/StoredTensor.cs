using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>A tensor of a safetensors file, read in the type that is computed in.</summary>
internal static class StoredTensor
{
    /// <summary>Receives a tensor's bytes.</summary>
    public delegate void ByteReader(Span<byte> destination);

    /// <summary>Refuses a tensor of a type that is no weight's, or too large to be read.</summary>
    /// <exception cref="ModelFormatException">It is one; the message names it.</exception>
    public static void Require(string path, string name, SafetensorsEntry entry)
    {
        if (entry.DType is not ("F32" or "BF16" or "F16"))
        {
            throw new ModelFormatException($"{path}: tensor '{name}' has dtype {entry.DType}; F32, BF16 and F16 are supported.");
        }

        if (entry.Length > int.MaxValue)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' has {entry.Length} bytes; at most {int.MaxValue} are supported.");
        }
    }

    /// <summary>Reads a tensor that <see cref="Require"/> has let pass.</summary>
    /// <returns>The tensor. The caller owns it.</returns>
    public static Tensor Read(SafetensorsEntry entry, long[] shape, ScalarType wanted, ByteReader read)
    {
        var stored = entry.DType switch
        {
            "F32" => ScalarType.Float32,
            "BF16" => ScalarType.BFloat16,
            _ => ScalarType.Float16,
        };
        var tensor = empty(shape, stored);
        read(tensor.bytes);
        if (stored == wanted)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.to(wanted);
        }
    }
}
