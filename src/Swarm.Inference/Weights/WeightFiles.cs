using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>A model's safetensors: one file, or shards with an index.</summary>
internal sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";
    private const long MaxIndexBytes = 64 << 20;

    // What other tools keep weights in; named where ours are missing.
    private static readonly string[] ForeignPatterns = ["*.bin", "*.pth", "*.pt", "*.gguf", "*.onnx", "*.msgpack", "*.h5", "*.safetensors"];

    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _holders = new(StringComparer.Ordinal);

    private WeightFiles(string directory) => Directory = directory;

    /// <summary>The model's directory.</summary>
    public string Directory { get; }

    /// <summary>All tensors of all files.</summary>
    public IEnumerable<(string Name, SafetensorsEntry Entry)> All =>
        _holders.Select(item => (item.Key, _files[item.Value].Entries[item.Key]));

    /// <summary>Opens a model directory's weights and checks what each file says of itself.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="ignored">Receives what is there and is not read.</param>
    /// <exception cref="ModelFormatException">They are missing, malformed, or ambiguous.</exception>
    public static WeightFiles Open(string directory, ICollection<string> ignored)
    {
        var files = new WeightFiles(directory);
        try
        {
            var indexPath = Path.Combine(directory, IndexName);
            var index = File.Exists(indexPath) ? ReadIndex(indexPath) : null;
            if (index is not null && File.Exists(Path.Combine(directory, SingleName)) && !index.ContainsValue(SingleName))
            {
                RequireStale(directory, index);
                ignored.Add($"{indexPath}: no file that it names is there; {SingleName} is read");
                index = null;
            }

            if (index is null)
            {
                files.Add(SingleName);
            }
            else
            {
                files.AddShards(index);
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Whether a tensor is there, and its entry.</summary>
    public bool TryFind(string tensor, out SafetensorsEntry entry)
    {
        if (_holders.TryGetValue(tensor, out var holder))
        {
            entry = _files[holder].Entries[tensor];
            return true;
        }

        entry = null!;
        return false;
    }

    /// <summary>Path of the file that holds a tensor, or where it is missing.</summary>
    public string PathOf(string tensor) => Path.Combine(
        Directory, _holders.GetValueOrDefault(tensor) ?? (_files.Count == 1 ? _files.Keys.First() : IndexName));

    /// <summary>Reads the bytes of a tensor that is there.</summary>
    public void Read(string tensor, Span<byte> destination) => _files[_holders[tensor]].Read(tensor, destination);

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }

    private SafetensorsFile Add(string name)
    {
        var path = Path.Combine(Directory, name);
        if (!File.Exists(path))
        {
            throw new ModelFormatException($"{path} does not exist{DescribeOthers(Directory)}.");
        }

        var file = SafetensorsFile.Open(path);
        _files[name] = file;
        foreach (var tensor in file.Entries.Keys)
        {
            if (!_holders.TryAdd(tensor, name))
            {
                throw new ModelFormatException(
                    $"{path}: tensor '{tensor}' is in {_holders[tensor]} too; only one of them can be the model's.");
            }
        }

        return file;
    }

    private void AddShards(Dictionary<string, string> index)
    {
        foreach (var shard in index.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Add(shard);
        }

        foreach (var (tensor, shard) in index.Where(item => !_files[item.Value].Entries.ContainsKey(item.Key)))
        {
            throw new ModelFormatException($"{Path.Combine(Directory, shard)} does not hold tensor '{tensor}', which {IndexName} names.");
        }

        foreach (var tensor in _holders.Keys.Where(tensor => !index.ContainsKey(tensor)))
        {
            throw new ModelFormatException(
                $"{Path.Combine(Directory, IndexName)} does not name tensor '{tensor}', which {_holders[tensor]} holds.");
        }
    }

    private static void RequireStale(string directory, Dictionary<string, string> index)
    {
        var shard = index.Values.Order(StringComparer.Ordinal).FirstOrDefault(shard => File.Exists(Path.Combine(directory, shard)));
        if (shard is not null)
        {
            throw new ModelFormatException(
                $"{directory} holds both {SingleName} and shards such as {shard}, which {IndexName} names; remove those that "
                + "are not the model's.");
        }
    }

    private static string DescribeOthers(string directory)
    {
        var others = ForeignPatterns
            .SelectMany(pattern => System.IO.Directory.EnumerateFiles(directory, pattern))
            .Select(Path.GetFileName)
            .Order(StringComparer.Ordinal)
            .Take(3)
            .ToArray();
        return others.Length == 0
            ? ""
            : $"; there is {string.Join(", ", others)}, but {SingleName}, or shards with {IndexName}, are needed";
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        if (new FileInfo(path).Length > MaxIndexBytes)
        {
            throw new ModelFormatException($"{path} has more than {MaxIndexBytes} bytes.");
        }

        using var document = LlamaConfigJson.ParseDocument(File.ReadAllBytes(path), path);
        try
        {
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

            return index.Count > 0 ? index : throw new ModelFormatException($"{path} is an index that names no tensor.");
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelFormatException($"{path} is not an index of shards: {error.Message}", error);
        }
    }
}
