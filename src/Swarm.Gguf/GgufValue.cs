using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Swarm.Gguf;

/// <summary>A metadata value: a number, a flag, a text, or an array of these. Immutable.</summary>
/// <remarks>
/// It keeps the bytes of the file and decodes them when asked. Where the file's value has another type than what is asked for, or is no UTF-8,
/// the <see cref="GgufFormatException"/> names file and key.
/// </remarks>
public sealed class GgufValue
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _bytes;
    private readonly string _where;
    private readonly string _key;

    /// <summary>Keeps the encoded form.</summary>
    /// <param name="type">Type of the value.</param>
    /// <param name="elementType">Of an array, the type of its elements; else the same as <paramref name="type"/>.</param>
    /// <param name="count">Elements of an array; else 1.</param>
    /// <param name="bytes">The elements as the file has them, without the array's type and count. Becomes the value's own.</param>
    /// <param name="where">The file's path, for messages; empty for a value that is made to be written.</param>
    /// <param name="key">Its key, for messages.</param>
    internal GgufValue(GgufValueType type, GgufValueType elementType, int count, byte[] bytes, string where = "", string key = "")
    {
        (Type, ElementType, Count, _bytes, _where, _key) = (type, elementType, count, bytes, where, key);
    }

    /// <summary>Type of the value.</summary>
    public GgufValueType Type { get; }

    /// <summary>Of an array, the type of its elements; else <see cref="Type"/>.</summary>
    public GgufValueType ElementType { get; }

    /// <summary>Elements of an array; 1 for every other value.</summary>
    public int Count { get; }

    /// <summary>The value as the file has it, little-endian, without an array's element type and count: for digests.</summary>
    public ReadOnlyMemory<byte> Encoded => _bytes;

    /// <summary>Makes a text.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(string value) => OfTexts(GgufValueType.Text, [value]);

    /// <summary>Makes a flag.</summary>
    /// <param name="value">The flag.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(bool value) => new(GgufValueType.Bool, GgufValueType.Bool, 1, [value ? (byte)1 : (byte)0]);

    /// <summary>Makes an unsigned 32-bit integer, the type that most keys of a model's dimensions have.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(uint value) => OfFixed(GgufValueType.UInt32, GgufValueType.UInt32, [value], BinaryPrimitives.WriteUInt32LittleEndian);

    /// <summary>Makes a signed 32-bit integer.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(int value) => OfFixed(GgufValueType.Int32, GgufValueType.Int32, [value], BinaryPrimitives.WriteInt32LittleEndian);

    /// <summary>Makes an unsigned 64-bit integer.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(ulong value) => OfFixed(GgufValueType.UInt64, GgufValueType.UInt64, [value], BinaryPrimitives.WriteUInt64LittleEndian);

    /// <summary>Makes a binary32.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The value.</returns>
    public static GgufValue Of(float value) => OfFixed(GgufValueType.Float32, GgufValueType.Float32, [value], BinaryPrimitives.WriteSingleLittleEndian);

    /// <summary>Makes an array of texts.</summary>
    /// <param name="values">The texts.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(IReadOnlyList<string> values) => OfTexts(GgufValueType.Array, values);

    /// <summary>Makes an array of flags.</summary>
    /// <param name="values">The flags.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(ReadOnlySpan<bool> values) =>
        OfFixed(GgufValueType.Array, GgufValueType.Bool, values, static (span, value) => span[0] = value ? (byte)1 : (byte)0);

    /// <summary>Makes an array of bytes.</summary>
    /// <param name="values">The bytes.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(ReadOnlySpan<byte> values) => new(GgufValueType.Array, GgufValueType.UInt8, values.Length, values.ToArray());

    /// <summary>Makes an array of signed 32-bit integers.</summary>
    /// <param name="values">The numbers.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(ReadOnlySpan<int> values) =>
        OfFixed(GgufValueType.Array, GgufValueType.Int32, values, BinaryPrimitives.WriteInt32LittleEndian);

    /// <summary>Makes an array of unsigned 32-bit integers.</summary>
    /// <param name="values">The numbers.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(ReadOnlySpan<uint> values) =>
        OfFixed(GgufValueType.Array, GgufValueType.UInt32, values, BinaryPrimitives.WriteUInt32LittleEndian);

    /// <summary>Makes an array of binary32.</summary>
    /// <param name="values">The numbers.</param>
    /// <returns>The value.</returns>
    public static GgufValue OfArray(ReadOnlySpan<float> values) =>
        OfFixed(GgufValueType.Array, GgufValueType.Float32, values, BinaryPrimitives.WriteSingleLittleEndian);

    /// <summary>The text.</summary>
    /// <returns>The text.</returns>
    /// <exception cref="GgufFormatException">It is no text, or no UTF-8.</exception>
    public string AsText() => Type == GgufValueType.Text ? Texts()[0] : throw Wrong("a text");

    /// <summary>The integer, of whatever width.</summary>
    /// <returns>The integer.</returns>
    /// <exception cref="GgufFormatException">It is no integer, or above 2^63 - 1.</exception>
    public long AsInteger() => Type != GgufValueType.Array && IsInteger ? Integer(0) : throw Wrong("an integer");

    /// <summary>The number, floating or integer.</summary>
    /// <returns>The number.</returns>
    /// <exception cref="GgufFormatException">It is no number.</exception>
    public double AsNumber() => Type != GgufValueType.Array && IsNumber ? Number(0) : throw Wrong("a number");

    /// <summary>The flag.</summary>
    /// <returns>The flag.</returns>
    /// <exception cref="GgufFormatException">It is no flag.</exception>
    public bool AsFlag() => Type == GgufValueType.Bool ? _bytes[0] != 0 : throw Wrong("a flag");

    /// <summary>The array of texts.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="GgufFormatException">It is no array of texts, or one is no UTF-8.</exception>
    public string[] AsTexts() => Type == GgufValueType.Array && ElementType == GgufValueType.Text ? Texts() : throw Wrong("an array of texts");

    /// <summary>The array of integers, of whatever width.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="GgufFormatException">It is no array of integers, or one is above 2^63 - 1.</exception>
    public long[] AsIntegers() => Type == GgufValueType.Array && IsInteger ? All(Integer) : throw Wrong("an array of integers");

    /// <summary>The array of numbers, floating or integer.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="GgufFormatException">It is no array of numbers.</exception>
    public double[] AsNumbers() => Type == GgufValueType.Array && IsNumber ? All(Number) : throw Wrong("an array of numbers");

    /// <summary>The array of flags.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="GgufFormatException">It is no array of flags.</exception>
    public bool[] AsFlags() =>
        Type == GgufValueType.Array && ElementType == GgufValueType.Bool ? All(index => _bytes[index] != 0) : throw Wrong("an array of flags");

    private bool IsInteger => ElementType is not (GgufValueType.Float32 or GgufValueType.Float64 or GgufValueType.Bool or GgufValueType.Text);

    private bool IsNumber => ElementType is not (GgufValueType.Bool or GgufValueType.Text);

    private static GgufValue OfFixed<T>(GgufValueType type, GgufValueType elementType, ReadOnlySpan<T> values, SpanWriter<T> write)
    {
        var size = elementType.FixedBytes();
        var bytes = new byte[checked(size * values.Length)];
        for (var index = 0; index < values.Length; index++)
        {
            write(bytes.AsSpan(index * size, size), values[index]);
        }

        return new GgufValue(type, elementType, values.Length, bytes);
    }

    private static GgufValue OfTexts(GgufValueType type, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var size = 0;
        foreach (var value in values)
        {
            ArgumentNullException.ThrowIfNull(value, nameof(values));
            size = checked(size + sizeof(ulong) + StrictUtf8.GetByteCount(value));
        }

        var bytes = new byte[size];
        var offset = 0;
        foreach (var value in values)
        {
            var length = StrictUtf8.GetBytes(value, bytes.AsSpan(offset + sizeof(ulong)));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), (ulong)length);
            offset += sizeof(ulong) + length;
        }

        return new GgufValue(type, GgufValueType.Text, values.Count, bytes);
    }

    // The reader has checked that the lengths end within the bytes.
    private string[] Texts()
    {
        var texts = new string[Count];
        var offset = 0;
        for (var index = 0; index < Count; index++)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(offset));
            try
            {
                texts[index] = StrictUtf8.GetString(_bytes, offset + sizeof(ulong), length);
            }
            catch (DecoderFallbackException error)
            {
                throw new GgufFormatException(
                    $"{Place}: {(Type == GgufValueType.Array ? $"text {index} of {Count}" : "the text")} is no valid UTF-8. Convert the model again.", error);
            }

            offset += sizeof(ulong) + length;
        }

        return texts;
    }

    private T[] All<T>(Func<int, T> element)
    {
        var values = new T[Count];
        for (var index = 0; index < Count; index++)
        {
            values[index] = element(index);
        }

        return values;
    }

    private double Number(int index) => ElementType switch
    {
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Element(index)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Element(index)),
        GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(Element(index)),
        _ => Integer(index),
    };

    private long Integer(int index) => ElementType switch
    {
        GgufValueType.UInt8 => _bytes[index],
        GgufValueType.Int8 => (sbyte)_bytes[index],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Element(index)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Element(index)),
        GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(Element(index)),
        GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Element(index)),
        GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(Element(index)),
        _ when BinaryPrimitives.ReadUInt64LittleEndian(Element(index)) is <= long.MaxValue and var value => (long)value,
        _ => throw Wrong("an integer below 2^63"),
    };

    private ReadOnlySpan<byte> Element(int index) => _bytes.AsSpan(index * ElementType.FixedBytes());

    private string Place => _key.Length == 0 ? "The value" : $"{_where}: key '{_key}'";

    private GgufFormatException Wrong(string wanted)
    {
        var actual = Type == GgufValueType.Array ? string.Create(CultureInfo.InvariantCulture, $"an array of {Count} {ElementType}") : Type.ToString();
        return new GgufFormatException($"{Place} is {actual}, and {wanted} is needed. Convert the model again.");
    }

    private delegate void SpanWriter<T>(Span<byte> destination, T value);
}
