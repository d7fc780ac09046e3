using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Gguf;

/// <summary>Reads a file's first part from front to back. What a length field claims is held to the rest of the file before it is used.</summary>
internal sealed class GgufHeaderReader
{
    private const int BufferBytes = 64 << 10;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly byte[] _buffer;
    private int _start;
    private int _end;

    /// <summary>Starts at the file's first byte.</summary>
    public GgufHeaderReader(string path, SafeFileHandle file)
    {
        (_path, _file, Length) = (path, file, RandomAccess.GetLength(file));
        _buffer = new byte[Math.Min(BufferBytes, Math.Max(Length, sizeof(ulong)))];
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that may still belong to the header.</summary>
    private long Rest => Math.Min(Length, GgufLimits.MaxHeaderBytes) - Position;

    /// <summary>A number of 32 bits.</summary>
    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    /// <summary>A number of 64 bits.</summary>
    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A count of things.</summary>
    /// <param name="what">What is counted.</param>
    /// <param name="most">How many are supported.</param>
    /// <param name="bytesEach">Fewest bytes that each takes.</param>
    public int ReadCount(string what, int most, int bytesEach)
    {
        var count = ReadUInt64(what);
        if (count > (ulong)most)
        {
            throw new GgufFormatException($"{_path}: {what} is {count}; at most {most} are supported.");
        }

        Require((long)count * bytesEach, $"{what}, {count},");
        return (int)count;
    }

    /// <summary>A name: UTF-8 of a bounded length.</summary>
    public string ReadName(string what, int mostBytes)
    {
        var length = ReadUInt64($"the length of {what}");
        if (length == 0 || length > (ulong)mostBytes)
        {
            throw new GgufFormatException($"{_path}: {what} has {length} bytes; 1 to {mostBytes} are supported.");
        }

        var bytes = new byte[(int)length];
        Fill(bytes, what);
        try
        {
            var name = StrictUtf8.GetString(bytes);
            return name.Any(char.IsControl)
                ? throw new GgufFormatException($"{_path}: {what} has control characters. Convert the model again.")
                : name;
        }
        catch (DecoderFallbackException error)
        {
            throw new GgufFormatException($"{_path}: {what} is no valid UTF-8. Convert the model again.", error);
        }
    }

    /// <summary>A value of the metadata.</summary>
    public GgufValue ReadValue(string key)
    {
        var what = $"key '{key}'";
        var type = ReadType(what);
        if (type != GgufValueType.Array)
        {
            return new GgufValue(type, type, 1, ReadElements(what, type, 1), _path, key);
        }

        var elementType = ReadType($"{what}, an array,");
        if (elementType == GgufValueType.Array)
        {
            throw new GgufFormatException($"{_path}: {what} is an array of arrays, which is not supported. llama.cpp does not read it either; convert the model again.");
        }

        var bytesEach = elementType == GgufValueType.Text ? sizeof(ulong) : elementType.FixedBytes();
        var count = ReadCount($"the number of elements of {what}", (int)GgufLimits.MaxHeaderBytes, bytesEach);
        return new GgufValue(type, elementType, count, ReadElements(what, elementType, count), _path, key);
    }

    private GgufValueType ReadType(string what)
    {
        var type = ReadUInt32($"the type of {what}");
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw new GgufFormatException($"{_path}: {what} has type {type}; 0 to {(int)GgufValueType.Float64} are supported. The file is damaged, or of a newer version.");
    }

    private byte[] ReadElements(string what, GgufValueType type, int count)
    {
        if (type == GgufValueType.Text)
        {
            return ReadTexts(what, count);
        }

        Require((long)count * type.FixedBytes(), what);
        var bytes = new byte[count * type.FixedBytes()];
        Fill(bytes, what);
        return type == GgufValueType.Bool && bytes.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1) is >= 0 and var index
            ? throw new GgufFormatException($"{_path}: {what} is a flag of value {bytes[index]}; 0 and 1 are supported. The file is damaged.")
            : bytes;
    }

    private byte[] ReadTexts(string what, int count)
    {
        var texts = new ArrayBufferWriter<byte>(Math.Max(1, count * sizeof(ulong)));
        for (var index = 0; index < count; index++)
        {
            var length = ReadUInt64($"the length of a text of {what}");
            if (length > (ulong)Rest)
            {
                throw TooLong($"a text of {what}, {length} bytes,");
            }

            var place = texts.GetSpan(sizeof(ulong) + (int)length);
            BinaryPrimitives.WriteUInt64LittleEndian(place, length);
            Fill(place.Slice(sizeof(ulong), (int)length), what);
            texts.Advance(sizeof(ulong) + (int)length);
        }

        return texts.WrittenSpan.ToArray();
    }

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        Require(count, what);
        if (_end - _start < count)
        {
            Refill(count, what);
        }

        var taken = _buffer.AsSpan(_start, count);
        _start += count;
        Position += count;
        return taken;
    }

    private void Fill(Span<byte> destination, string what)
    {
        Require(destination.Length, what);
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, _buffer.Length);
            Take(count, what).CopyTo(destination);
            destination = destination[count..];
        }
    }

    private void Refill(int count, string what)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < count)
        {
            var read = RandomAccess.Read(_file, _buffer.AsSpan(_end), Position + _end);
            if (read == 0)
            {
                throw TooLong(what);
            }

            _end += read;
        }
    }

    private void Require(long bytes, string what)
    {
        if (bytes > Rest)
        {
            throw TooLong(what);
        }
    }

    private GgufFormatException TooLong(string what) => new(
        Length > GgufLimits.MaxHeaderBytes
            ? $"{_path}: {what} goes beyond byte {GgufLimits.MaxHeaderBytes}, where metadata and tensor directory must have ended. The file is damaged."
            : $"{_path}: {what} goes beyond the end of the file, which has {Length} bytes. It was cut or is damaged: download it again.");
}
