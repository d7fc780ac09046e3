using Swarm.Testing;
using Xunit;

namespace Swarm.Gguf.Tests;

/// <summary>Conversion of elements: exact where it can be, and within half a step where it rounds.</summary>
public sealed class GgufElementsTests
{
    [Fact]
    public void Encode_BlockOfQ8_IsGgmls()
    {
        var source = new float[32];
        (source[0], source[1], source[2], source[3]) = (-254f, 1f, 3f, -5f); // Scale 2: halves are rounded away from zero.

        var bytes = Encode(GgufTensorType.Q8_0, source);

        Assert.Equal(34, bytes.Length);
        Assert.Equal((Half)2, BitConverter.ToHalf(bytes));
        Assert.Equal([-127, 1, 2, -3], bytes[2..6].Select(value => (int)(sbyte)value));
        Assert.All(bytes[6..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Decode_OfEncodedQ8_IsWithinHalfAStep()
    {
        var test = new SeededTest();
        var source = Enumerable.Range(0, 320).Select(_ => (test.Random.NextSingle() - 0.5f) * 8).ToArray();

        var decoded = Decode(GgufTensorType.Q8_0, Encode(GgufTensorType.Q8_0, source));

        for (var block = 0; block < 10; block++)
        {
            var step = source.AsSpan(block * 32, 32).ToArray().Max(Math.Abs) / 127;
            Assert.All(Enumerable.Range(block * 32, 32), index => Assert.InRange(Math.Abs(source[index] - decoded[index]), 0, step * 0.57f));
        }
    }

    [Theory]
    [InlineData(GgufTensorType.Float16)]
    [InlineData(GgufTensorType.BFloat16)]
    public void Encode_EveryValueOfAHalf_IsItself(GgufTensorType type)
    {
        var bytes = new byte[1 << 17];
        for (var value = 0; value < 1 << 16; value++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(value * 2), (ushort)value);
        }

        var decoded = Decode(type, bytes);
        var again = Encode(type, decoded);

        for (var value = 0; value < 1 << 16; value++)
        {
            if (!float.IsNaN(decoded[value]))
            {
                Assert.Equal((ushort)value, BitConverter.ToUInt16(again, value * 2));
            }
        }
    }

    [Theory]
    [InlineData(0x3F808000u, 0x3F80)] // Halfway: to the even one.
    [InlineData(0x3F818000u, 0x3F82)]
    [InlineData(0x3F808001u, 0x3F81)]
    [InlineData(0x7F7FFFFFu, 0x7F80)] // Rounds up to infinity.
    [InlineData(0x7F800001u, 0x7FC0)] // A NaN stays one.
    public void Encode_BFloat16_RoundsToNearestEven(uint bits, int expected) =>
        Assert.Equal(expected, BitConverter.ToUInt16(Encode(GgufTensorType.BFloat16, [BitConverter.UInt32BitsToSingle(bits)])));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(9e6f)]
    public void Encode_Q8OfWhatItCannotExpress_Throws(float value)
    {
        var source = new float[32];
        (source[3], source[4]) = (value, 1);

        Assert.Throws<ArgumentException>(() => Encode(GgufTensorType.Q8_0, source));
    }

    [Fact]
    public void Convert_WrongLengthsAndTypes_Throw()
    {
        Assert.Throws<ArgumentException>(() => GgufElements.Encode(GgufTensorType.Float16, new float[4], new byte[7]));
        Assert.Throws<ArgumentException>(() => GgufElements.Decode(GgufTensorType.Q4_K, new byte[144], new float[256]));
        Assert.Throws<ArgumentOutOfRangeException>(() => GgufElements.Encode(GgufTensorType.Q8_0, new float[33], new byte[36]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((GgufTensorType)31).BlockBytes());
        Assert.False(((GgufTensorType)36).IsKnown());
    }

    private static byte[] Encode(GgufTensorType type, float[] source)
    {
        var bytes = new byte[type.RowBytes(source.Length)];
        GgufElements.Encode(type, source, bytes);
        return bytes;
    }

    private static float[] Decode(GgufTensorType type, byte[] bytes)
    {
        var elements = new float[bytes.Length / type.BlockBytes() * type.BlockElements()];
        GgufElements.Decode(type, bytes, elements);
        return elements;
    }
}
