using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>A model's directory whose files were checked, all but the weights' values: what is there is what is used.</summary>
internal sealed class ModelDirectory : IDisposable
{
    private const string ConfigName = "config.json";

    private readonly WeightFiles _files;

    private ModelDirectory(LlamaConfig config, WeightFiles files, LoraAdapter? adapter, IReadOnlyList<string> ignored)
    {
        Config = config;
        _files = files;
        Adapter = adapter;
        Ignored = ignored;
    }

    /// <summary>The configuration, with the type that is computed in.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The adapter that is merged into the weights; or none.</summary>
    public LoraAdapter? Adapter { get; }

    /// <summary>What is not known and was not used.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Opens a directory.</summary>
    /// <param name="directory">Its path.</param>
    /// <param name="computeType">What is computed in; <see langword="null"/> for what the configuration names.</param>
    /// <param name="adapterDirectory">Where an adapter is; or none.</param>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or has something that is not supported.</exception>
    public static ModelDirectory Open(string directory, KvDType? computeType = null, string? adapterDirectory = null)
    {
        if (!Directory.Exists(directory))
        {
            throw new ModelFormatException($"{directory} is not a directory; a model is one with a {ConfigName}.");
        }

        var file = LlamaConfigJson.ReadFile(Path.Combine(directory, ConfigName));
        if (computeType is { } given)
        {
            file = file with { Config = file.Config with { DType = given }, NamesDType = true };
        }

        if (LoraAdapter.Names.FirstOrDefault(name => File.Exists(Path.Combine(directory, name))) is { } stray)
        {
            throw new ModelFormatException(
                $"{Path.Combine(directory, stray)}: an adapter beside the weights is not applied. Merge it into the weights (PEFT's "
                + "merge_and_unload), or move it into a directory of its own and name that in AdapterDirectory of the options; without "
                + "it, move it out of the directory.");
        }

        var ignored = file.Ignored.ToList();
        LoraAdapter? adapter = null;
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

            adapter = adapterDirectory is null ? null : LoraAdapter.Open(adapterDirectory, file.Config);
            return new ModelDirectory(file.Config, files, adapter, ignored);
        }
        catch
        {
            adapter?.Dispose();
            files.Dispose();
            throw;
        }
    }

    /// <summary>Reads all weights, in the configuration's type, and merges the adapter.</summary>
    /// <returns>The tensors by name. The caller owns them.</returns>
    /// <exception cref="ModelFormatException">A file was cut meanwhile, or an output projection differs from the embedding that it is tied to.</exception>
    public Dictionary<string, Tensor> ReadAll()
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var wanted = Config.DType == KvDType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        try
        {
            foreach (var (name, shape) in LlamaTensors.All(Config))
            {
                tensors[name] = Read(name, shape, wanted);
            }

            RequireTied(tensors[LlamaTensors.Embedding], wanted);
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

    public void Dispose()
    {
        Adapter?.Dispose();
        _files.Dispose();
    }

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

        StoredTensor.Require(path, name, entry);
        if (entry.DType != "F32" && !file.NamesDType)
        {
            throw new ModelFormatException(
                $"{path}: tensor '{name}' has dtype {entry.DType}, and config.json does not say which type to compute in; set "
                + "its dtype to 'float32' or 'bfloat16', or ComputeType in the options.");
        }
    }

    // Files of a tied model often hold both; transformers takes the embedding.
    private void RequireTied(Tensor embedding, ScalarType wanted)
    {
        if (!Config.TiedEmbeddings || !_files.TryFind(LlamaTensors.Head, out _))
        {
            return;
        }

        using var head = Read(LlamaTensors.Head, embedding.shape, wanted);
        if (!head.bytes.SequenceEqual(embedding.bytes))
        {
            throw new ModelFormatException(
                $"{_files.PathOf(LlamaTensors.Head)}: tensor '{LlamaTensors.Head}' differs from '{LlamaTensors.Embedding}', but "
                + "tie_word_embeddings is true in config.json. Set it to false to use the tensor, or remove the tensor.");
        }
    }

    private Tensor Read(string name, long[] shape, ScalarType wanted)
    {
        _files.TryFind(name, out var entry);
        if (Adapter?.Changes(name) != true)
        {
            return StoredTensor.Read(entry, shape, wanted, bytes => _files.Read(name, bytes));
        }

        using var wide = StoredTensor.Read(entry, shape, ScalarType.Float32, bytes => _files.Read(name, bytes));
        Adapter.Merge(name, wide);
        return wide.to(wanted, copy: true);
    }
}
