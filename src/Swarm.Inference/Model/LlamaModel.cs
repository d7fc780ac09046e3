using Swarm.Inference.Cache;
using Swarm.Inference.Configuration;
using Swarm.Inference.Export;
using Swarm.Inference.Model;
using Swarm.Inference.Presets;
using Swarm.Inference.Weights;
using static TorchSharp.torch;

namespace Swarm.Inference;

/// <summary>Weights and shape of a decoder of one of the families in <see cref="ModelFamily"/>. Immutable; shared by any number of runtimes.</summary>
/// <remarks>Owns native memory until disposed; dispose the runtimes first.</remarks>
public sealed class LlamaModel : IDisposable
{
    private LlamaModel(
        LlamaConfig config, string name, string tokenizer, Dictionary<string, Tensor> tensors, string adapter, IReadOnlyList<string> ignored)
    {
        Config = config;
        Ignored = ignored;
        Device = cuda.is_available() ? CUDA : CPU;
        Descriptor = new ModelDescriptor(
            name,
            LlamaConfigJson.Write(config),
            WeightDigest.Compute(tensors),
            config.DType == KvDType.BFloat16 ? "bfloat16" : "float32",
            config.ToGeometry(),
            DescribePositions(config),
            tokenizer,
            adapter);
        Weights = new ModelWeights(config, tensors, Device);
    }

    /// <summary>The shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>What decides the KV, for the fingerprint.</summary>
    public ModelDescriptor Descriptor { get; }

    /// <summary>
    /// What of a directory's files was not used because it is not known: fields of <c>config.json</c>, tensors, an index. Nothing
    /// that is known to change the logits is among it: that is refused. Empty for models that were made.
    /// </summary>
    public IReadOnlyList<string> Ignored { get; }

    internal ModelWeights Weights { get; }

    internal Device Device { get; }

    internal StepThread Thread { get; } = new();

    internal IReadOnlyDictionary<string, Tensor> Tensors => Weights.Tensors;

    internal ScalarType ScalarType => TypeOf(Config);

    /// <summary>Makes a preset with random weights that depend on the seed alone.</summary>
    /// <param name="preset">See <see cref="Preset.Config"/>.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="tokenizer">Name or digest of the tokenizer, part of the fingerprint.</param>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="vocabularySize">Number of token ids.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ArgumentException">There is no such preset.</exception>
    /// <exception cref="DllNotFoundException">libtorch cannot be loaded; the message says why, and what to do.</exception>
    public static LlamaModel CreatePreset(
        string preset,
        ulong seed,
        string tokenizer = "",
        KvDType dtype = KvDType.Float32,
        int vocabularySize = Preset.DefaultVocabularySize) =>
        CreateRandom(Preset.Config(preset, vocabularySize) with { DType = dtype }, seed, $"{preset}-{seed}", tokenizer);

    /// <summary>Makes a model of any shape with random weights that depend on the seed alone.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="name">Name for people.</param>
    /// <param name="tokenizer">Name or digest of the tokenizer, part of the fingerprint.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelFormatException">The shape is not supported.</exception>
    /// <exception cref="DllNotFoundException">libtorch cannot be loaded; the message says why, and what to do.</exception>
    public static LlamaModel CreateRandom(LlamaConfig config, ulong seed, string name, string tokenizer = "")
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validated(name);
        TorchThreads.Ensure();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (tensorName, shape) in LlamaTensors.All(config))
        {
            using var full = empty(shape, ScalarType.Float32);
            RandomWeights.Fill(full, tensorName, shape, seed, config);
            tensors[tensorName] = full.to(TypeOf(config), copy: true);
        }

        return new LlamaModel(config, name, tokenizer, tensors, "", []);
    }

    /// <inheritdoc cref="Load(string, LlamaLoadOptions)"/>
    public static LlamaModel Load(string directory) => Load(directory, new LlamaLoadOptions());

    /// <summary>Reads a model directory, as it is.</summary>
    /// <param name="directory">Path of the directory.</param>
    /// <param name="tokenizer">Name or digest of the tokenizer, part of the fingerprint.</param>
    /// <inheritdoc cref="Load(string, LlamaLoadOptions)"/>
    public static LlamaModel Load(string directory, string tokenizer) => Load(directory, new LlamaLoadOptions { Tokenizer = tokenizer });

    /// <summary>Reads a model directory: <c>config.json</c>, and safetensors in one file or in shards with an index.</summary>
    /// <remarks>What changes the logits is honoured, or refused by its name; see also <see cref="Ignored"/>.</remarks>
    /// <param name="directory">Path of the directory.</param>
    /// <param name="options">Tokenizer, type of computation, adapter.</param>
    /// <returns>The model.</returns>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or of an unsupported shape.</exception>
    /// <exception cref="DllNotFoundException">libtorch cannot be loaded; the message says why, and what to do.</exception>
    public static LlamaModel Load(string directory, LlamaLoadOptions options)
    {
        using var files = Open(directory, options);
        TorchThreads.Ensure();
        return new LlamaModel(
            files.Config,
            Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)),
            options.Tokenizer,
            files.ReadAll(),
            files.Adapter?.Describe() ?? "",
            files.Ignored);
    }

    /// <summary>Checks a model directory as <see cref="Load(string)"/> does, all but the weights' values, which are not read.</summary>
    /// <param name="directory">Path of the directory.</param>
    /// <param name="ignored">What <see cref="Ignored"/> would be.</param>
    /// <returns>The shape.</returns>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or of an unsupported shape.</exception>
    public static LlamaConfig Inspect(string directory, out IReadOnlyList<string> ignored) =>
        Inspect(directory, new LlamaLoadOptions(), out ignored);

    /// <summary>Checks a model directory as <see cref="Load(string, LlamaLoadOptions)"/> does, all but the weights' values, which are not read.</summary>
    /// <param name="directory">Path of the directory.</param>
    /// <param name="options">As it would be loaded with.</param>
    /// <param name="ignored">What <see cref="Ignored"/> would be.</param>
    /// <returns>The shape.</returns>
    /// <exception cref="ModelFormatException">A file is missing, malformed, or of an unsupported shape.</exception>
    public static LlamaConfig Inspect(string directory, LlamaLoadOptions options, out IReadOnlyList<string> ignored)
    {
        using var files = Open(directory, options);
        ignored = files.Ignored;
        return files.Config;
    }

    /// <summary>Writes a model directory that <see cref="Load(string)"/> and other tools read.</summary>
    /// <param name="directory">Path of the directory; made if need be. Files of the same names are overwritten.</param>
    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), LlamaConfigJson.Write(Config));
        var dtype = Config.DType == KvDType.BFloat16 ? "BF16" : "F32";
        SafetensorsWriter.Write(
            Path.Combine(directory, WeightFiles.SingleName),
            [.. LlamaTensors.All(Config).Select(item => new SafetensorsWriter.Item(
                item.Name,
                dtype,
                item.Shape,
                Tensors[item.Name].NumberOfElements * Tensors[item.Name].ElementSize,
                stream =>
                {
                    using var host = Tensors[item.Name].cpu();
                    stream.Write(host.bytes);
                }))]);
    }

    /// <summary>Writes a GGUF file of the same weights, as llama.cpp reads it: a second engine to compute them with.</summary>
    /// <param name="path">Path of the file, which is replaced once the new one is whole.</param>
    /// <param name="options">Type of the matrices, vocabulary.</param>
    /// <exception cref="NotSupportedException">
    /// llama.cpp would compute this model otherwise, or a weight cannot be expressed in the type; the message says what, and what can be written.
    /// </exception>
    /// <exception cref="ArgumentException">An option is not valid.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void ExportGguf(string path, GgufExportOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        new GgufExport(Config, Tensors).Write(path, Descriptor.Name, options);
    }

    /// <summary>A runtime with one sequence and a pool of its own.</summary>
    /// <param name="maxPositions">Most positions of the sequence, at most the model's.</param>
    /// <param name="maxStepTokens">Longest step.</param>
    /// <returns>The runtime, empty. The caller disposes it, before the model.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public LlamaRuntime CreateRuntime(int maxPositions, int maxStepTokens = LlamaRuntime.DefaultMaxStepTokens)
    {
        CheckSizes(maxPositions, maxStepTokens);
        var blocks = (maxPositions + KvBlockPool.BlockTokens - 1) / KvBlockPool.BlockTokens;
        return new LlamaRuntime(this, CreatePool(blocks), ownsPool: true, maxPositions, maxStepTokens);
    }

    /// <summary>A runtime whose sequence takes its blocks from a shared pool.</summary>
    /// <param name="pool">A pool of this model.</param>
    /// <param name="maxPositions">Most positions of the sequence, at most the model's.</param>
    /// <param name="maxStepTokens">Longest step.</param>
    /// <returns>The runtime, empty. The caller disposes it, before the pool.</returns>
    /// <exception cref="ArgumentException">The pool belongs to another model, or a number is out of range.</exception>
    public LlamaRuntime CreateRuntime(
        KvBlockPool pool, int maxPositions, int maxStepTokens = LlamaRuntime.DefaultMaxStepTokens)
    {
        ArgumentNullException.ThrowIfNull(pool);
        CheckSizes(maxPositions, maxStepTokens);
        return ReferenceEquals(pool.Model, Descriptor)
            ? new LlamaRuntime(this, pool, ownsPool: false, maxPositions, maxStepTokens)
            : throw new ArgumentException(
                $"The pool belongs to model '{pool.Model.Name}', not to '{Descriptor.Name}'.", nameof(pool));
    }

    /// <summary>A pool of KV blocks for several sequences.</summary>
    /// <param name="blocks">Blocks of <see cref="KvBlockPool.BlockTokens"/> positions.</param>
    /// <returns>The pool. The caller disposes it, after its runtimes.</returns>
    public KvBlockPool CreatePool(int blocks) => new(Descriptor, ScalarType, Device, blocks);

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread.Dispose();
        Weights.Dispose();
    }

    private void CheckSizes(int maxPositions, int maxStepTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPositions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPositions, Config.MaxPositions);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxStepTokens, 1);
    }

    private static ScalarType TypeOf(LlamaConfig config) =>
        config.DType == KvDType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    private static ModelDirectory Open(string directory, LlamaLoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(directory);
        ArgumentNullException.ThrowIfNull(options);
        return options.ComputeType is null or KvDType.Float32 or KvDType.BFloat16
            ? ModelDirectory.Open(directory, options.ComputeType, options.AdapterDirectory)
            : throw new ArgumentException(
                $"{nameof(LlamaLoadOptions.ComputeType)} is {options.ComputeType}; {KvDType.Float32} and {KvDType.BFloat16} are supported.", nameof(options));
    }

    private static string DescribePositions(LlamaConfig config)
    {
        var form = config.Latent is null ? "rotate-half" : "interleaved";
        var text = FormattableString.Invariant($"rope {form} theta={config.RopeTheta:R} dim={config.Latent?.RotaryHeadDim ?? config.HeadDim}");
        if (config.RopeScaling is { } scaling)
        {
            text += $" {scaling.Type} {string.Join(' ', scaling.Parameters.Select(item => FormattableString.Invariant($"{item.Name}={item.Value:R}")))}";
        }

        return config.WindowRopeTheta is { } theta ? text + FormattableString.Invariant($" window theta={theta:R}") : text;
    }
}
