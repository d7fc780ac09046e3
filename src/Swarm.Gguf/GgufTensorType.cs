using System.Diagnostics.CodeAnalysis;

namespace Swarm.Gguf;

/// <summary>How a tensor's elements are encoded. Names and numbers are those of <c>ggml_type</c>; <see cref="GgufTensorTypes"/> has the block sizes.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "The names of ggml.")]
public enum GgufTensorType
{
    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 0,

    /// <summary>IEEE 754 binary16.</summary>
    Float16 = 1,

    /// <summary>4 bits with a scale for 32 elements.</summary>
    Q4_0 = 2,

    /// <summary>4 bits with a scale and a minimum for 32 elements.</summary>
    Q4_1 = 3,

    /// <summary>5 bits with a scale for 32 elements.</summary>
    Q5_0 = 6,

    /// <summary>5 bits with a scale and a minimum for 32 elements.</summary>
    Q5_1 = 7,

    /// <summary>8 bits with a scale for 32 elements.</summary>
    Q8_0 = 8,

    /// <summary>8 bits with a scale and a sum for 32 elements.</summary>
    Q8_1 = 9,

    /// <summary>2 bits, superblocks of 256 elements.</summary>
    Q2_K = 10,

    /// <summary>3 bits, superblocks of 256 elements.</summary>
    Q3_K = 11,

    /// <summary>4 bits, superblocks of 256 elements.</summary>
    Q4_K = 12,

    /// <summary>5 bits, superblocks of 256 elements.</summary>
    Q5_K = 13,

    /// <summary>6 bits, superblocks of 256 elements.</summary>
    Q6_K = 14,

    /// <summary>8 bits, superblocks of 256 elements.</summary>
    Q8_K = 15,

    /// <summary>2.06 bits by a codebook.</summary>
    IQ2_XXS = 16,

    /// <summary>2.31 bits by a codebook.</summary>
    IQ2_XS = 17,

    /// <summary>3.06 bits by a codebook.</summary>
    IQ3_XXS = 18,

    /// <summary>1.56 bits by a codebook.</summary>
    IQ1_S = 19,

    /// <summary>4 bits, not linear, 32 elements.</summary>
    IQ4_NL = 20,

    /// <summary>3.44 bits by a codebook.</summary>
    IQ3_S = 21,

    /// <summary>2.5 bits by a codebook.</summary>
    IQ2_S = 22,

    /// <summary>4.25 bits, not linear, 256 elements.</summary>
    IQ4_XS = 23,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 24,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 25,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 26,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 27,

    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 28,

    /// <summary>1.75 bits by a codebook.</summary>
    IQ1_M = 29,

    /// <summary>bfloat16.</summary>
    BFloat16 = 30,

    /// <summary>Ternary, 1.69 bits.</summary>
    TQ1_0 = 34,

    /// <summary>Ternary, 2.06 bits.</summary>
    TQ2_0 = 35,

    /// <summary>OCP microscaling FP4, 32 elements.</summary>
    MXFP4 = 39,

    /// <summary>NVIDIA FP4, 64 elements.</summary>
    NVFP4 = 40,

    /// <summary>1 bit with a scale for 128 elements.</summary>
    Q1_0 = 41,
}

/// <summary>Facts about <see cref="GgufTensorType"/>: a row is whole blocks, and a block has so many elements and bytes.</summary>
public static class GgufTensorTypes
{
    /// <summary>Whether the type is one of ggml's that still exist.</summary>
    /// <param name="type">A type, or any number.</param>
    /// <returns>Whether its block size is known.</returns>
    public static bool IsKnown(this GgufTensorType type) => Block(type).Elements != 0;

    /// <summary>Elements of a block.</summary>
    /// <param name="type">The type.</param>
    /// <returns>1 to 256.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static int BlockElements(this GgufTensorType type) => Require(type).Elements;

    /// <summary>Bytes of a block.</summary>
    /// <param name="type">The type.</param>
    /// <returns>1 to 292.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type.</exception>
    public static int BlockBytes(this GgufTensorType type) => Require(type).Bytes;

    /// <summary>Bytes of a row.</summary>
    /// <param name="type">The type.</param>
    /// <param name="elements">Elements of the row: whole blocks.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such type, or the elements are not whole blocks.</exception>
    /// <exception cref="OverflowException">The row has more than 2^63 bytes.</exception>
    public static long RowBytes(this GgufTensorType type, long elements)
    {
        var block = Require(type);
        if (elements < 0 || elements % block.Elements != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(elements), elements, $"A row of {type} is a multiple of {block.Elements} elements; choose another type for it.");
        }

        return checked(elements / block.Elements * block.Bytes);
    }

    private static (int Elements, int Bytes) Require(GgufTensorType type) => Block(type) is { Elements: not 0 } block
        ? block
        : throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown tensor type.");

    private static (int Elements, int Bytes) Block(GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 or GgufTensorType.Int32 => (1, 4),
        GgufTensorType.Float16 or GgufTensorType.BFloat16 or GgufTensorType.Int16 => (1, 2),
        GgufTensorType.Float64 or GgufTensorType.Int64 => (1, 8),
        GgufTensorType.Int8 => (1, 1),
        GgufTensorType.Q4_0 or GgufTensorType.IQ4_NL => (32, 18),
        GgufTensorType.Q4_1 => (32, 20),
        GgufTensorType.Q5_0 => (32, 22),
        GgufTensorType.Q5_1 => (32, 24),
        GgufTensorType.Q8_0 => (32, 34),
        GgufTensorType.Q8_1 => (32, 36),
        GgufTensorType.MXFP4 => (32, 17),
        GgufTensorType.NVFP4 => (64, 36),
        GgufTensorType.Q1_0 => (128, 18),
        GgufTensorType.Q2_K => (256, 84),
        GgufTensorType.Q3_K or GgufTensorType.IQ3_S => (256, 110),
        GgufTensorType.Q4_K => (256, 144),
        GgufTensorType.Q5_K => (256, 176),
        GgufTensorType.Q6_K => (256, 210),
        GgufTensorType.Q8_K => (256, 292),
        GgufTensorType.IQ2_XXS or GgufTensorType.TQ2_0 => (256, 66),
        GgufTensorType.IQ2_XS => (256, 74),
        GgufTensorType.IQ2_S => (256, 82),
        GgufTensorType.IQ3_XXS => (256, 98),
        GgufTensorType.IQ1_S => (256, 50),
        GgufTensorType.IQ1_M => (256, 56),
        GgufTensorType.IQ4_XS => (256, 136),
        GgufTensorType.TQ1_0 => (256, 54),
        _ => default,
    };
}
