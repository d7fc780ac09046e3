using System.Buffers.Binary;

namespace Swarm.Gguf;

/// <summary>Converts fp32 elements to and from the encoded forms that have no training of their own: F32, F16, BF16 and Q8_0.</summary>
/// <remarks>Rounds as ggml's reference code does: to the nearest, ties to even for F16 and BF16, away from zero in a Q8_0 block.</remarks>
public static class GgufElements
{
    /// <summary>Whether a type is one of the four.</summary>
    /// <param name="type">The type.</param>
    /// <returns>Whether <see cref="Encode"/> and <see cref="Decode"/> take it.</returns>
    public static bool CanConvert(GgufTensorType type) =>
        type is GgufTensorType.Float32 or GgufTensorType.Float16 or GgufTensorType.BFloat16 or GgufTensorType.Q8_0;

    /// <summary>Encodes elements.</summary>
    /// <param name="type">The type to encode as.</param>
    /// <param name="source">Elements: whole blocks.</param>
    /// <param name="destination">Exactly their bytes: <see cref="GgufTensorTypes.RowBytes"/>.</param>
    /// <exception cref="ArgumentException">
    /// The type is not converted, the lengths do not fit, or a Q8_0 block holds what its scale cannot express: NaN, infinity, or magnitudes above 8.3 million.
    /// </exception>
    public static void Encode(GgufTensorType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        Check(type, source.Length, destination.Length);
        switch (type)
        {
            case GgufTensorType.Float32:
                for (var index = 0; index < source.Length; index++)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(destination[(index * sizeof(float))..], source[index]);
                }

                break;
            case GgufTensorType.Float16:
                for (var index = 0; index < source.Length; index++)
                {
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(index * sizeof(ushort))..], (Half)source[index]);
                }

                break;
            case GgufTensorType.BFloat16:
                for (var index = 0; index < source.Length; index++)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(index * sizeof(ushort))..], ToBFloat16(source[index]));
                }

                break;
            default:
                for (var block = 0; block * Q8Block.Elements < source.Length; block++)
                {
                    Q8Block.Encode(
                        source.Slice(block * Q8Block.Elements, Q8Block.Elements), destination.Slice(block * Q8Block.SizeBytes, Q8Block.SizeBytes));
                }

                break;
        }
    }

    /// <summary>Decodes elements.</summary>
    /// <param name="type">The type they are encoded as.</param>
    /// <param name="source">Whole blocks.</param>
    /// <param name="destination">Exactly as many elements.</param>
    /// <exception cref="ArgumentException">The type is not converted, or the lengths do not fit.</exception>
    public static void Decode(GgufTensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        Check(type, destination.Length, source.Length);
        switch (type)
        {
            case GgufTensorType.Float32:
                for (var index = 0; index < destination.Length; index++)
                {
                    destination[index] = BinaryPrimitives.ReadSingleLittleEndian(source[(index * sizeof(float))..]);
                }

                break;
            case GgufTensorType.Float16:
                for (var index = 0; index < destination.Length; index++)
                {
                    destination[index] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(index * sizeof(ushort))..]);
                }

                break;
            case GgufTensorType.BFloat16:
                for (var index = 0; index < destination.Length; index++)
                {
                    var bits = (uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(index * sizeof(ushort))..]) << 16;
                    destination[index] = BitConverter.UInt32BitsToSingle(bits);
                }

                break;
            default:
                for (var block = 0; block * Q8Block.Elements < destination.Length; block++)
                {
                    Q8Block.Decode(
                        source.Slice(block * Q8Block.SizeBytes, Q8Block.SizeBytes), destination.Slice(block * Q8Block.Elements, Q8Block.Elements));
                }

                break;
        }
    }

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40) // Quiet: rounding could make infinity of it.
            : (ushort)((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16);
    }

    private static void Check(GgufTensorType type, int elements, int bytes)
    {
        if (!CanConvert(type))
        {
            throw new ArgumentException($"{type} is not converted; Float32, Float16, BFloat16 and Q8_0 are.", nameof(type));
        }

        if (type.RowBytes(elements) != bytes)
        {
            throw new ArgumentException($"{elements} elements of {type} have {type.RowBytes(elements)} bytes, got {bytes}.", nameof(bytes));
        }
    }
}
