using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>A model's directory whose files were checked, all but the weights' values: what is there is what is used.</summary>
internal sealed class ModelDirectory : IDisposable
{
    private const string ConfigName = "config.json";

    // Left by PEFT; it is applied to the weights when they are loaded, which this engine does not do.
    private static readonly string[] AdapterNames = ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"];

    private readonly WeightFiles _files;

    private ModelDirectory(LlamaConfig config, WeightFiles files, IReadOnlyList<string> ignored)
    {
        Config = config;
        _files = files;
        Ignored = ignored;
    }

    /// <summary>The configuration.</summary>
    public LlamaConfig Config { get; }

    /// <summary>What is not known and was not used.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Opens a directory.</summary>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or has something that is not supported.</exception>
    public static ModelDirectory Open(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new ModelFormatException($"{directory} is not a directory; a model is one with a {ConfigName}.");
        }

        var file = LlamaConfigJson.ReadFile(Path.Combine(directory, ConfigName));
        if (AdapterNames.FirstOrDefault(name => File.Exists(Path.Combine(directory, name))) is { } adapter)
        {
            throw new ModelFormatException(
                $"{Path.Combine(directory, adapter)}: adapters are not applied. Merge it into the weights (PEFT's "
                + "merge_and_unload), or move it out of the directory to use the model without it.");
        }

        var ignored = file.Ignored.ToList();
        var files = WeightFiles.Open(directory, ignored);
        try
        {
            UnusedTensors.Check(files, file.Config, ignored);
            foreach (var (name, shape) in LlamaTensors.All(file.Config))
            {
                CheckTensor(files, name, shape, file);
            }

            if (file.Config.TiedEmbeddings && files.TryFind(LlamaTensors.Head, out _))
            {
                CheckTensor(files, LlamaTensors.Head, [file.Config.VocabularySize, file.Config.HiddenSize], file);
            }

            return new ModelDirectory(file.Config, files, ignored);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Reads all weights, in the configuration's type.</summary>
    /// <returns>The tensors by name. The caller owns them.</returns>
    /// <exception cref="ModelFormatException">A file was cut meanwhile, or an output projection differs from the embedding that it is tied to.</exception>
    public Dictionary<string, Tensor> ReadAll()
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var (name, shape) in LlamaTensors.All(Config))
            {
                tensors[name] = Read(name, shape);
            }

            RequireTied(tensors[LlamaTensors.Embedding]);
            return tensors;
        }
        catch
        {
            foreach (var tensor in tensors.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    public void Dispose() => _files.Dispose();

    private static void CheckTensor(WeightFiles files, string name, long[] shape, LlamaConfigFile file)
    {
        var path = files.PathOf(name);
        if (!files.TryFind(name, out var entry))
        {
            var hint = name == LlamaTensors.Head
                ? "; tie_word_embeddings is false in config.json, or missing. If the model's output projection is its embedding, "
                + "set it to true"
                : "";
            throw new ModelFormatException($"{path} does not hold tensor '{name}'{hint}.");
        }

        if (!entry.Shape.SequenceEqual(shape))
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}]; config.json asks for "
                + $"[{string.Join(", ", shape)}].");
        }

        if (entry.DType is not ("F32" or "BF16" or "F16"))
        {
            throw new ModelFormatException($"{path}: tensor '{name}' has dtype {entry.DType}; F32, BF16 and F16 are supported.");
        }

        if (entry.DType != "F32" && !file.NamesDType)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' has dtype {entry.DType}, and config.json does not say which type to compute in; set "
                + "its dtype to 'float32' or 'bfloat16'.");
        }

        if (entry.Length > int.MaxValue)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' has {entry.Length} bytes; at most {int.MaxValue} are supported.");
        }
    }

    // Files of a tied model often hold both; transformers takes the embedding.
    private void RequireTied(Tensor embedding)
    {
        if (!Config.TiedEmbeddings || !_files.TryFind(LlamaTensors.Head, out _))
        {
            return;
        }

        using var head = Read(LlamaTensors.Head, embedding.shape);
        if (!head.bytes.SequenceEqual(embedding.bytes))
        {
            throw new ModelFormatException(
                $"{_files.PathOf(LlamaTensors.Head)}: tensor '{LlamaTensors.Head}' differs from '{LlamaTensors.Embedding}', but "
                + "tie_word_embeddings is true in config.json. Set it to false to use the tensor, or remove the tensor.");
        }
    }

    private Tensor Read(string name, long[] shape)
    {
        _files.TryFind(name, out var entry);
        var stored = entry.DType switch
        {
            "F32" => ScalarType.Float32,
            "BF16" => ScalarType.BFloat16,
            _ => ScalarType.Float16,
        };
        var tensor = empty(shape, stored);
        _files.Read(name, tensor.bytes);
        var wanted = Config.DType == KvDType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (stored == wanted)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.to(wanted);
        }
    }
}
