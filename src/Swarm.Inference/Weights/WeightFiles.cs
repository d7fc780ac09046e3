using System.Text.Json;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>A model's safetensors: one file, or shards with an index.</summary>
internal sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";
    private const long MaxIndexBytes = 64 << 20;
    private readonly string _directory;
    private readonly Dictionary<string, SafetensorsFile> _files = [];
    private readonly Dictionary<string, string>? _index;

    private WeightFiles(string directory, Dictionary<string, string>? index)
    {
        _directory = directory;
        _index = index;
    }

    /// <summary>Opens a model directory's weights.</summary>
    /// <exception cref="ModelFormatException">They are missing or malformed.</exception>
    public static WeightFiles Open(string directory)
    {
        var index = Path.Combine(directory, IndexName);
        return File.Exists(index)
            ? new WeightFiles(directory, ReadIndex(index))
            : new WeightFiles(directory, null);
    }

    /// <summary>The file and entry of a tensor.</summary>
    /// <exception cref="ModelFormatException">It is not there.</exception>
    public (SafetensorsFile File, SafetensorsEntry Entry) Find(string tensor)
    {
        var shard = SingleName;
        if (_index is not null && !_index.TryGetValue(tensor, out shard))
        {
            throw new ModelFormatException($"{Path.Combine(_directory, IndexName)} does not name tensor '{tensor}'.");
        }

        if (!_files.TryGetValue(shard, out var file))
        {
            _files[shard] = file = SafetensorsFile.Open(Path.Combine(_directory, shard));
        }

        return file.Entries.TryGetValue(tensor, out var entry)
            ? (file, entry)
            : throw new ModelFormatException($"{Path.Combine(_directory, shard)} does not hold tensor '{tensor}'.");
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxIndexBytes)
            {
                throw new ModelFormatException($"{path} has more than {MaxIndexBytes} bytes.");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var map = document.RootElement.GetProperty("weight_map");
            var index = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var item in map.EnumerateObject())
            {
                var shard = item.Value.GetString() ?? "";
                if (shard.Length == 0 || Path.GetFileName(shard) != shard)
                {
                    throw new ModelFormatException(
                        $"{path}: tensor '{item.Name}' is in '{shard}', which is not a file beside the index.");
                }

                index[item.Name] = shard;
            }

            return index;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelFormatException($"{path} is not an index of shards: {error.Message}", error);
        }
    }
}
