using System.Buffers.Binary;

namespace Swarm.Gguf;

/// <summary>A block of Q8_0: a binary16 scale, then 32 signed bytes. An element is scale × byte.</summary>
/// <remarks>As <c>quantize_row_q8_0_ref</c> of ggml computes it: the scale is the largest magnitude / 127, and elements are divided by it before it is rounded to binary16.</remarks>
internal static class Q8Block
{
    public const int Elements = 32;
    public const int SizeBytes = sizeof(ushort) + Elements;
    private const float Largest = 127;

    public static void Encode(ReadOnlySpan<float> source, Span<byte> destination)
    {
        var most = 0f;
        foreach (var value in source)
        {
            most = float.IsNaN(value) ? float.NaN : MathF.Max(most, MathF.Abs(value)); // Of NaN and a number, Max gives NaN.
        }

        var scale = most / Largest;
        if (!Half.IsFinite((Half)scale))
        {
            throw new ArgumentException($"A Q8_0 block cannot express {most}: its scale is a binary16. Use another type for this tensor.", nameof(source));
        }

        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(destination, (Half)scale);
        for (var index = 0; index < Elements; index++)
        {
            destination[sizeof(ushort) + index] = (byte)(sbyte)MathF.Round(source[index] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    public static void Decode(ReadOnlySpan<byte> source, Span<float> destination)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
        for (var index = 0; index < Elements; index++)
        {
            destination[index] = scale * (sbyte)source[sizeof(ushort) + index];
        }
    }
}
