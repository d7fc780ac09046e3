using System.Buffers.Binary;
using System.Text.Json;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>
/// Reads one safetensors file: 8 bytes of header length, a JSON header, then the tensors' bytes. Nothing that the header
/// claims is trusted before it was checked against the file.
/// </summary>
/// <remarks>Format: the safetensors repository's README ("Format"). Dispose when the tensors were read.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>Longest header, in bytes, as the format says.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _file;
    private readonly string _path;
    private readonly long _dataStart;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(
        string path,
        Microsoft.Win32.SafeHandles.SafeFileHandle file,
        long dataStart,
        Dictionary<string, SafetensorsEntry> entries)
    {
        _path = path;
        _file = file;
        _dataStart = dataStart;
        _entries = entries;
    }

    /// <summary>Tensors in the file, by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns>The open file.</returns>
    /// <exception cref="ModelFormatException">It is missing or malformed; the message says where.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelFormatException($"{path} does not exist.");
        }

        var file = File.OpenHandle(path);
        try
        {
            var length = RandomAccess.GetLength(file);
            Span<byte> prefix = stackalloc byte[sizeof(long)];
            if (length < prefix.Length)
            {
                throw new ModelFormatException($"{path} has {length} bytes: too short for a safetensors file.");
            }

            ReadFully(path, file, prefix, 0);
            var headerLength = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            if (headerLength < 2 || headerLength > MaxHeaderBytes || headerLength > length - prefix.Length)
            {
                throw new ModelFormatException(
                    $"{path}: the header claims {headerLength} bytes; 2 to {Math.Min(MaxHeaderBytes, length - prefix.Length)} are possible.");
            }

            var header = new byte[headerLength];
            ReadFully(path, file, header, prefix.Length);
            var dataStart = prefix.Length + headerLength;
            return new SafetensorsFile(path, file, dataStart, ReadHeader(path, header, length - dataStart));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor's bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="destination">Exactly its size.</param>
    /// <exception cref="ModelFormatException">It is missing, of another size, or the file was cut.</exception>
    public void Read(string name, Span<byte> destination)
    {
        if (!_entries.TryGetValue(name, out var entry) || entry.Length != destination.Length)
        {
            throw new ModelFormatException(
                $"{_path}: tensor '{name}' of {destination.Length} bytes is not there.");
        }

        ReadFully(_path, _file, destination, _dataStart + entry.Offset);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void ReadFully(
        string path, Microsoft.Win32.SafeHandles.SafeFileHandle file, Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(file, destination, offset);
            if (count == 0)
            {
                throw new ModelFormatException($"{path} ends at {offset}, within what its header names.");
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private static Dictionary<string, SafetensorsEntry> ReadHeader(string path, byte[] header, long dataLength)
    {
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException($"{path}: the header is not a JSON object.");
            }

            var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
            foreach (var item in document.RootElement.EnumerateObject().Where(item => item.Name != "__metadata__"))
            {
                if (!entries.TryAdd(item.Name, ReadEntry(path, item.Name, item.Value, dataLength)))
                {
                    throw new ModelFormatException($"{path}: tensor '{item.Name}' is there twice.");
                }
            }

            RequireDisjoint(path, entries);
            return entries;
        }
        catch (JsonException error)
        {
            throw new ModelFormatException($"{path}: the header is not JSON: {error.Message}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException($"{path}: the header is malformed: {error.Message}", error);
        }
    }

    private static SafetensorsEntry ReadEntry(string path, string name, JsonElement value, long dataLength)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array
            || offsets.GetArrayLength() != 2 || shape.GetArrayLength() > 8)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' needs a dtype, a shape of at most 8 numbers and two data_offsets.");
        }

        var elementBytes = dtype.GetString() switch
        {
            "F32" => 4,
            "BF16" or "F16" => 2,
            var other => throw new ModelFormatException(
                $"{path}: tensor '{name}' has dtype {other}; F32, BF16 and F16 are supported."),
        };
        var dimensions = shape.EnumerateArray().Select(Number).ToArray();
        var (begin, end) = (Number(offsets[0]), Number(offsets[1]));
        Int128 bytes = elementBytes;
        foreach (var dimension in dimensions)
        {
            bytes *= dimension;
            if (bytes > dataLength)
            {
                break;
            }
        }

        if (begin > end || end > dataLength || end - begin != bytes)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' of shape [{string.Join(", ", dimensions)}] lies at {begin} to {end}; that does not "
                + $"fit {dtype} and the file's {dataLength} bytes of data.");
        }

        return new SafetensorsEntry(dtype.GetString()!, dimensions, begin, end - begin);

        long Number(JsonElement element) =>
            element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) && number >= 0
                ? number
                : throw new ModelFormatException($"{path}: tensor '{name}': {element} is not a size or an offset.");
    }

    private static void RequireDisjoint(string path, Dictionary<string, SafetensorsEntry> entries)
    {
        long end = 0;
        foreach (var (name, entry) in entries.OrderBy(item => item.Value.Offset).ThenBy(item => item.Value.Length))
        {
            if (entry.Offset < end)
            {
                throw new ModelFormatException($"{path}: tensor '{name}' at {entry.Offset} overlaps the one before.");
            }

            end = entry.Offset + entry.Length;
        }
    }
}
