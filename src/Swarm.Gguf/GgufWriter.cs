using System.Text;

namespace Swarm.Gguf;

/// <summary>Writes a GGUF file of version 3: metadata and tensors in the order they were added.</summary>
/// <remarks>The same additions give the same bytes. Not thread-safe.</remarks>
public sealed class GgufWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<KeyValuePair<string, GgufValue>> _metadata = [];
    private readonly List<(GgufTensor Tensor, Action<Stream> Write)> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private long _end;

    /// <summary>Adds a metadata value.</summary>
    /// <param name="key">Its key, 1 to 65,535 bytes of UTF-8, such as <c>general.architecture</c>.</param>
    /// <param name="value">The value, such as <see cref="GgufValue.Of(uint)"/> makes it.</param>
    /// <exception cref="ArgumentException">
    /// The key is there, is malformed, or is <c>general.alignment</c>, which is always 32.
    /// </exception>
    public void Add(string key, GgufValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        CheckName(key, GgufLimits.MaxKeyBytes, nameof(key));
        if (key == GgufLimits.AlignmentKey)
        {
            throw new ArgumentException($"'{key}' is not written: the alignment is {GgufLimits.DefaultAlignment}, as it is where the key is missing.", nameof(key));
        }

        if (!_keys.Add(key))
        {
            throw new ArgumentException($"Key '{key}' was added before.", nameof(key));
        }

        _metadata.Add(new(key, value));
    }

    /// <summary>Adds a text.</summary>
    /// <inheritdoc cref="Add(string, GgufValue)"/>
    public void Add(string key, string value) => Add(key, GgufValue.Of(value));

    /// <summary>Adds an unsigned 32-bit integer.</summary>
    /// <inheritdoc cref="Add(string, GgufValue)"/>
    public void Add(string key, uint value) => Add(key, GgufValue.Of(value));

    /// <summary>Adds a binary32.</summary>
    /// <inheritdoc cref="Add(string, GgufValue)"/>
    public void Add(string key, float value) => Add(key, GgufValue.Of(value));

    /// <summary>Adds a flag.</summary>
    /// <inheritdoc cref="Add(string, GgufValue)"/>
    public void Add(string key, bool value) => Add(key, GgufValue.Of(value));

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name, 1 to 63 bytes of UTF-8.</param>
    /// <param name="type">How its elements are encoded.</param>
    /// <param name="dimensions">1 to 4 dimensions, the innermost first: <c>[columns, rows]</c> of a matrix. The first is whole blocks.</param>
    /// <param name="write">Writes exactly the tensor's bytes. Called by <see cref="Write(string)"/>, once for each call.</param>
    /// <exception cref="ArgumentException">The name is there or malformed, or the dimensions do not fit the type.</exception>
    public void AddTensor(string name, GgufTensorType type, IReadOnlyList<long> dimensions, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(dimensions);
        ArgumentNullException.ThrowIfNull(write);
        CheckName(name, GgufLimits.MaxTensorNameBytes, nameof(name));
        if (dimensions.Count is < 1 or > GgufLimits.MaxDimensions || dimensions.Any(dimension => dimension < 1))
        {
            throw new ArgumentException(
                $"Tensor '{name}' has dimensions [{string.Join(", ", dimensions)}]; 1 to {GgufLimits.MaxDimensions} are needed, each at least 1.", nameof(dimensions));
        }

        var length = dimensions.Skip(1).Aggregate(type.RowBytes(dimensions[0]), (bytes, dimension) => checked(bytes * dimension));
        if (!_names.Add(name))
        {
            throw new ArgumentException($"Tensor '{name}' was added before.", nameof(name));
        }

        _tensors.Add((new GgufTensor(name, type, [.. dimensions], _end, length), write));
        _end = GgufLimits.Align(_end + length, GgufLimits.DefaultAlignment);
    }

    /// <summary>Writes the file. It has its name once it is whole: what fails leaves what was there before.</summary>
    /// <param name="path">Path of the file, which is replaced.</param>
    /// <exception cref="InvalidOperationException">A tensor's callback wrote another number of bytes.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
            {
                Write(file);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Writes the file to a stream.</summary>
    /// <param name="stream">Stream to write to, from where it stands; need not seek. Stays open.</param>
    /// <exception cref="InvalidOperationException">A tensor's callback wrote another number of bytes.</exception>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var header = EncodeHeader();
        stream.Write(header);
        WritePadding(stream, header.Length);
        foreach (var (tensor, write) in _tensors)
        {
            var counted = new TensorStream(stream, tensor);
            write(counted);
            counted.RequireWhole();
            WritePadding(stream, tensor.ByteLength);
        }
    }

    private byte[] EncodeHeader()
    {
        var header = new MemoryStream();
        using var writer = new BinaryWriter(header, StrictUtf8, leaveOpen: true); // Little-endian everywhere.
        writer.Write(GgufLimits.Magic);
        writer.Write((uint)GgufLimits.MaxVersion);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            WriteName(writer, key);
            writer.Write((uint)value.Type);
            if (value.Type == GgufValueType.Array)
            {
                writer.Write((uint)value.ElementType);
                writer.Write((ulong)value.Count);
            }

            writer.Write(value.Encoded.Span);
        }

        foreach (var (tensor, _) in _tensors)
        {
            WriteName(writer, tensor.Name);
            writer.Write((uint)tensor.Dimensions.Length);
            foreach (var dimension in tensor.Dimensions)
            {
                writer.Write((ulong)dimension);
            }

            writer.Write((uint)tensor.Type);
            writer.Write((ulong)tensor.Offset);
        }

        writer.Flush();
        return header.ToArray();
    }

    private static void WriteName(BinaryWriter writer, string name)
    {
        var bytes = StrictUtf8.GetBytes(name);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WritePadding(Stream stream, long length)
    {
        Span<byte> padding = stackalloc byte[GgufLimits.DefaultAlignment];
        padding.Clear();
        stream.Write(padding[..(int)(GgufLimits.Align(length, GgufLimits.DefaultAlignment) - length)]);
    }

    private static void CheckName(string name, int mostBytes, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (StrictUtf8.GetByteCount(name) is var bytes && (bytes > mostBytes || name.Any(char.IsControl)))
        {
            throw new ArgumentException($"'{name}' has {bytes} bytes; 1 to {mostBytes} without control characters are supported.", parameter);
        }
    }
}
