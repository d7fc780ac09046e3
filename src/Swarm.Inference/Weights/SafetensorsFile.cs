using System.Buffers.Binary;
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
            var headerLength = ReadHeaderLength(path, file, length);
            var header = new byte[headerLength];
            ReadFully(path, file, header, sizeof(long));
            var dataStart = sizeof(long) + headerLength;
            return new SafetensorsFile(path, file, dataStart, SafetensorsHeader.Read(path, header, length - dataStart));
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

    private static long ReadHeaderLength(string path, Microsoft.Win32.SafeHandles.SafeFileHandle file, long length)
    {
        Span<byte> head = stackalloc byte[ForeignFile.HeadBytes];
        head = head[..(int)Math.Min(head.Length, length)];
        ReadFully(path, file, head, 0);
        var claimed = head.Length < sizeof(long) ? 0 : BinaryPrimitives.ReadInt64LittleEndian(head);
        var most = Math.Min(MaxHeaderBytes, length - sizeof(long));
        if (claimed >= 2 && claimed <= most)
        {
            return claimed;
        }

        var isCut = claimed is >= 2 and <= MaxHeaderBytes && head is [_, _, _, _, _, _, _, _, (byte)'{', ..];
        throw new ModelFormatException(
            isCut ? $"{path} was cut: it has {length} bytes, and its header alone {claimed}; download it again."
            : ForeignFile.Describe(head) is { } what ? $"{path} {what}."
            : length < sizeof(long) ? $"{path} has {length} bytes: too short for a safetensors file."
            : $"{path} is no safetensors file: the header claims {claimed} bytes; 2 to {most} are possible.");
    }

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
}
