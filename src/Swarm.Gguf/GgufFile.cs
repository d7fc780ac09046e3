using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Gguf;

/// <summary>
/// An open GGUF file: its metadata and tensor directory in memory, its tensors' bytes read when asked for. Nothing that the file claims is trusted
/// before it was checked against the file's size.
/// </summary>
/// <remarks>
/// Format: <c>docs/gguf.md</c> of ggml. Versions 2 and 3, little-endian; README.md of this project has the limits. Thread-safe. Dispose when the
/// tensors were read.
/// </remarks>
public sealed class GgufFile : IDisposable
{
    // Smallest forms: a key of one character with a flag; a tensor whose name has one, with one dimension.
    private const int KeyBytesAtLeast = 8 + 1 + 4 + 1;
    private const int TensorBytesAtLeast = 8 + 1 + 4 + 8 + 4 + 8;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, GgufTensor> _tensors;

    private GgufFile(string path, SafeFileHandle file, int version, int alignment, GgufMetadata metadata, List<GgufTensor> tensors)
    {
        _file = file;
        Path = path;
        Version = version;
        Alignment = alignment;
        Metadata = metadata;
        Tensors = tensors;
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Path of the file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Version of the format: 2 or 3.</summary>
    public int Version { get; }

    /// <summary>What tensors' offsets are multiples of, in bytes.</summary>
    public int Alignment { get; }

    /// <summary>The metadata.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors, in the order of the directory, which is that of their bytes.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Opens a file, and checks all of it but the tensors' bytes.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="GgufFormatException">It is malformed or not supported; the message says where.</exception>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read, or is a directory.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = File.OpenHandle(path);
        try
        {
            return Read(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor that may be missing.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The tensor, or <see langword="null"/>.</returns>
    public GgufTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>A tensor that must be there.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="GgufFormatException">The file does not have it.</exception>
    public GgufTensor Require(string name) =>
        Find(name) ?? throw new GgufFormatException($"{Path} has no tensor '{name}', which is needed; it has {Tensors.Count} others. Convert the model again.");

    /// <summary>Reads all bytes of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Exactly <see cref="GgufTensor.ByteLength"/> bytes.</param>
    /// <exception cref="GgufFormatException">It is missing, or the file was cut since it was opened.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void Read(string name, Span<byte> destination)
    {
        var tensor = Require(name);
        if (destination.Length != tensor.ByteLength)
        {
            throw new ArgumentException($"{Path}: tensor {tensor} has {tensor.ByteLength} bytes, got room for {destination.Length}.", nameof(destination));
        }

        Read(tensor, 0, destination);
    }

    /// <summary>Reads some bytes of a tensor.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="offset">First byte, from the tensor's first.</param>
    /// <param name="destination">Receives as many bytes as it has.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor does not have so many bytes.</exception>
    /// <exception cref="GgufFormatException">The file was cut since it was opened.</exception>
    public void Read(GgufTensor tensor, long offset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (offset < 0 || offset > tensor.ByteLength - destination.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offset), offset, $"{Path}: tensor {tensor} has {tensor.ByteLength} bytes; {destination.Length} from there on are not in it.");
        }

        offset += tensor.Offset;
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(_file, destination, offset);
            if (count == 0)
            {
                throw new GgufFormatException($"{Path} ends at byte {offset}, within tensor {tensor}: it was cut while it was open.");
            }

            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static GgufFile Read(string path, SafeFileHandle file)
    {
        var reader = new GgufHeaderReader(path, file);
        var version = ReadVersion(path, reader);
        var tensorCount = reader.ReadCount("the number of tensors", GgufLimits.MaxTensors, TensorBytesAtLeast);
        var keyCount = reader.ReadCount("the number of metadata keys", GgufLimits.MaxKeys, KeyBytesAtLeast);
        var metadata = new GgufMetadata(path);
        for (var index = 0; index < keyCount; index++)
        {
            var key = reader.ReadName($"metadata key {index} of {keyCount}", GgufLimits.MaxKeyBytes);
            if (!metadata.TryAdd(key, reader.ReadValue(key)))
            {
                throw new GgufFormatException($"{path}: key '{key}' is there twice, and only one of them can count. Convert the model again.");
            }
        }

        RefuseSplit(path, metadata);
        var alignment = ReadAlignment(path, metadata);
        var directory = new List<GgufTensor>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long end = 0; // Of the tensors' bytes so far, from the first one's beginning.
        for (var index = 0; index < tensorCount; index++)
        {
            var tensor = ReadTensor(path, reader, $"tensor {index} of {tensorCount}", ref end, alignment);
            directory.Add(names.Add(tensor.Name)
                ? tensor
                : throw new GgufFormatException($"{path}: tensor '{tensor.Name}' is there twice, and only one of them can count. Convert the model again."));
        }

        var dataStart = GgufLimits.Align(reader.Position, alignment);
        var tensors = directory.ConvertAll(tensor => tensor with { Offset = dataStart + tensor.Offset });
        foreach (var tensor in tensors.Where(tensor => tensor.ByteLength > reader.Length - tensor.Offset))
        {
            throw new GgufFormatException(
                $"{path}: tensor {tensor} has {tensor.ByteLength} bytes from {tensor.Offset} on, and the file {reader.Length}. It was cut: download it again.");
        }

        return new GgufFile(path, file, version, alignment, metadata, tensors);
    }

    private static int ReadVersion(string path, GgufHeaderReader reader)
    {
        if (reader.Length == 0)
        {
            throw new GgufFormatException($"{path} is empty. Download it again, or convert the model again.");
        }

        var magic = reader.ReadUInt32("the signature");
        if (magic != GgufLimits.Magic)
        {
            throw new GgufFormatException($"{path} is no GGUF file: it does not begin with 'GGUF'. Convert the model with llama.cpp's convert_hf_to_gguf.py.");
        }

        var version = reader.ReadUInt32("the version");
        if (version is >= GgufLimits.MinVersion and <= GgufLimits.MaxVersion)
        {
            return (int)version;
        }

        var swapped = BinaryPrimitives.ReverseEndianness(version);
        throw new GgufFormatException(
            swapped is >= 1 and <= GgufLimits.MaxVersion
                ? $"{path} is big-endian; little-endian is supported. Convert it with gguf_convert_endian.py of the gguf Python package."
                : $"{path} is of version {version}; {GgufLimits.MinVersion} and {GgufLimits.MaxVersion} are supported. Convert the model again.");
    }

    private static void RefuseSplit(string path, GgufMetadata metadata)
    {
        if (metadata.Find(GgufLimits.SplitCountKey) is { } count && count.AsInteger() is var parts and not (0 or 1))
        {
            throw new GgufFormatException(
                $"{path} is one of {parts} parts of a split model ('{GgufLimits.SplitCountKey}'); models in one file are supported. Merge it: llama-gguf-split --merge.");
        }
    }

    private static int ReadAlignment(string path, GgufMetadata metadata)
    {
        if (metadata.Find(GgufLimits.AlignmentKey) is not { } value)
        {
            return GgufLimits.DefaultAlignment;
        }

        // llama.cpp takes no other type.
        return value.Type == GgufValueType.UInt32 && GgufLimits.IsAlignment(value.AsInteger())
            ? (int)value.AsInteger()
            : throw new GgufFormatException(
                $"{path}: key '{GgufLimits.AlignmentKey}' is {(value.Type == GgufValueType.UInt32 ? $"{value.AsInteger()}" : $"of type {value.Type}")}; a UInt32 that is a power of two from "
                + $"{GgufLimits.MinAlignment} to {GgufLimits.MaxAlignment} is supported.");
    }

    private static GgufTensor ReadTensor(string path, GgufHeaderReader reader, string what, ref long end, int alignment)
    {
        var name = reader.ReadName($"the name of {what}", GgufLimits.MaxTensorNameBytes);
        var dimensionCount = reader.ReadUInt32($"the number of dimensions of tensor '{name}'");
        if (dimensionCount is < 1 or > GgufLimits.MaxDimensions)
        {
            throw new GgufFormatException($"{path}: tensor '{name}' has {dimensionCount} dimensions; 1 to {GgufLimits.MaxDimensions} are supported.");
        }

        var dimensions = ImmutableArray.CreateBuilder<long>((int)dimensionCount);
        for (var index = 0; index < dimensionCount; index++)
        {
            var dimension = reader.ReadUInt64($"a dimension of tensor '{name}'");
            dimensions.Add(dimension is >= 1 and <= long.MaxValue
                ? (long)dimension
                : throw new GgufFormatException($"{path}: tensor '{name}' has a dimension of {dimension}; at least 1 is supported. The file is damaged."));
        }

        var number = reader.ReadUInt32($"the type of tensor '{name}'");
        var type = (GgufTensorType)number;
        if (number > int.MaxValue || !type.IsKnown())
        {
            throw new GgufFormatException(
                $"{path}: tensor '{name}' is of type {number}, which is not supported: it was removed from ggml, or is newer than this library. Quantize the model again, as Q8_0 or Q4_K.");
        }

        var shape = dimensions.MoveToImmutable();
        var length = ByteLength(path, name, type, shape, reader.Length);
        var offset = reader.ReadUInt64($"the offset of tensor '{name}'");
        if (offset != (ulong)end)
        {
            throw new GgufFormatException(
                $"{path}: tensor '{name}' is at {offset} of the data; {end} is supported: one tensor behind the other, each aligned to {alignment}. The file is damaged.");
        }

        end = GgufLimits.Align(end + length, alignment);
        return new GgufTensor(name, type, shape, (long)offset, length);
    }

    private static long ByteLength(string path, string name, GgufTensorType type, ImmutableArray<long> shape, long fileLength)
    {
        if (shape[0] % type.BlockElements() != 0)
        {
            throw new GgufFormatException(
                $"{path}: tensor '{name}' of type {type} has rows of {shape[0]} elements; multiples of {type.BlockElements()} are supported. The file is damaged.");
        }

        var length = (Int128)(shape[0] / type.BlockElements()) * type.BlockBytes();
        for (var index = 1; index < shape.Length && length <= fileLength; index++)
        {
            length *= shape[index];
        }

        return length <= fileLength
            ? (long)length
            : throw new GgufFormatException(
                $"{path}: tensor '{name}' ({type} [{string.Join(", ", shape)}]) has more bytes than the file, which has {fileLength}. It was cut or is damaged: download it again.");
    }
}
