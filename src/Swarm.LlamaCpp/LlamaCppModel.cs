using LLama.Exceptions;
using LLama.Native;
using Swarm.Core.Settings;
using Swarm.Gguf;
using Swarm.LlamaCpp.Cache;
using Swarm.LlamaCpp.Files;
using Swarm.LlamaCpp.Native;

namespace Swarm;

/// <summary>A model of a GGUF file, computed by llama.cpp on the processor. Immutable; shared by any number of runtimes.</summary>
/// <remarks>
/// The file's keys and directory are checked before llama.cpp reads them, and its tensors are hashed for the fingerprint. The file is mapped into memory while the
/// model lives, and must not change. Owns native memory until it and its runtimes are disposed, in whatever order.
/// </remarks>
public sealed class LlamaCppModel : IDisposable
{
    private const int ProbePositions = 8;
    private const int MropeType = 8;

    private readonly SafeLlamaModelHandle _handle;
    private bool _disposed;

    private LlamaCppModel(ModelFile file, string path, LlamaCppOptions options)
    {
        Info = file.Info;
        Settings = ComputeSettings.Of(options);
        _handle = LoadWeights(path, file);
        try
        {
            var ropeType = LlamaNative.ModelRopeType(_handle.DangerousGetHandle());
            RequireSupported(path, ropeType);
            var cache = ProbeCache(path, ropeType >= 0);
            Descriptor = new ModelDescriptor(
                options.Name ?? Path.GetFileNameWithoutExtension(path),
                ModelText.Config(file.Gguf, DescribeCache()),
                TensorDigest.Compute(file.Gguf),
                "float32",
                cache.Geometry,
                ModelText.Positions(file.Gguf, Info.Architecture, ropeType),
                options.Tokenizer ?? ModelText.Tokenizer(file.Gguf),
                "");
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>What the file says of the model.</summary>
    public LlamaCppModelInfo Info { get; }

    /// <summary>What decides the KV, for the fingerprint: the file's keys and weights, and the types of KV.</summary>
    public ModelDescriptor Descriptor { get; }

    internal ComputeSettings Settings { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="path">Path of a GGUF file, of one part.</param>
    /// <param name="options">How it is computed; <see langword="null"/> for the defaults.</param>
    /// <returns>The model. The caller disposes it.</returns>
    /// <exception cref="GgufFormatException">The file is malformed, or says something that is not supported.</exception>
    /// <exception cref="LlamaCppException">llama.cpp cannot be loaded, refuses the model, or keeps another kind of state than KV of attention.</exception>
    /// <exception cref="ArgumentException">Options are wrong; the message names all of them.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read, or is a directory.</exception>
    public static LlamaCppModel Load(string path, LlamaCppOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new LlamaCppOptions();
        SettingRules.Require(options, nameof(options));
        path = Path.GetFullPath(path);
        using var file = ModelFile.Open(path);
        LlamaLog.Logger = options.Logger;
        LlamaLibrary.Ensure(options);
        var model = new LlamaCppModel(file, path, options);
        LlamaCppLog.ModelLoaded(
            options.Logger,
            model.Descriptor.Name,
            model.Info.Layers,
            model.Info.Architecture,
            model.Info.ContextLength,
            model.Info.VocabularySize,
            model.NumericsOf(LlamaCppRuntime.DefaultMaxStepTokens).ToString());
        return model;
    }

    /// <summary>Checks a file as <see cref="Load"/> does before it loads llama.cpp, and without reading weights.</summary>
    /// <param name="path">Path of a GGUF file.</param>
    /// <returns>What it says of its model.</returns>
    /// <exception cref="GgufFormatException">The file is malformed, or says something that is not supported.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read, or is a directory.</exception>
    public static LlamaCppModelInfo Inspect(string path)
    {
        using var file = ModelFile.Open(path);
        return file.Info;
    }

    /// <summary>A runtime with one sequence and a cache of its own.</summary>
    /// <param name="maxPositions">Most positions of the sequence, 1 to the model's <see cref="LlamaCppModelInfo.ContextLength"/>.</param>
    /// <param name="maxStepTokens">Longest step, 1 to 65,536: the size of llama.cpp's batch, part of the numerics identity.</param>
    /// <returns>The runtime, empty. The caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="LlamaCppException">llama.cpp cannot make the cache, as where memory is short.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LlamaCppRuntime CreateRuntime(int maxPositions, int maxStepTokens = LlamaCppRuntime.DefaultMaxStepTokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPositions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPositions, Info.ContextLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxStepTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxStepTokens, 1 << 16);
        return new LlamaCppRuntime(this, _handle, maxPositions, maxStepTokens);
    }

    /// <inheritdoc/>
    /// <remarks>Runtimes keep what they need until they are disposed.</remarks>
    public void Dispose()
    {
        _disposed = true;
        _handle.Dispose();
    }

    internal NumericsIdentity NumericsOf(int maxStepTokens) => new($"{LlamaLibrary.Identity}; {Settings}; batch {maxStepTokens}");

    /// <summary>The groups of a cache, which are those of the model's descriptor.</summary>
    internal CacheGeometry GeometryOf(StateLayout layout)
    {
        var cache = new CacheGeometry(layout, Settings.KeyType, Settings.ValueType, Descriptor.Geometry.KeyForm != "none");
        return cache.Geometry.Equals(Descriptor.Geometry)
            ? cache
            : throw new LlamaCppException($"llama.cpp made a cache of another geometry than before for model '{Descriptor.Name}'. Load the model again.");
    }

    private static SafeLlamaModelHandle LoadWeights(string path, ModelFile file)
    {
        var parameters = LLamaModelParams.Default();
        parameters.n_gpu_layers = 0;
        var complaints = "nothing";
        try
        {
            var handle = LlamaLog.Listen(() => SafeLlamaModelHandle.LoadFromFile(path, parameters), out complaints);
            var tokens = LlamaNative.VocabularySize(LlamaNative.ModelVocabulary(handle.DangerousGetHandle()));
            if (tokens == file.Info.VocabularySize)
            {
                return handle;
            }

            handle.Dispose();
            throw new LlamaCppException($"{path}: llama.cpp counts {tokens} tokens, and the file's keys {file.Info.VocabularySize}. Convert the model again.");
        }
        catch (RuntimeError error)
        {
            throw new LlamaCppException(
                $"{path}: llama.cpp does not load this model of architecture '{file.Info.Architecture}'. It says {complaints}. Take a model that llama.cpp of LLamaSharp 0.30.0 "
                + "knows, or convert it again.",
                error);
        }
    }

    private void RequireSupported(string path, int ropeType)
    {
        var what =
            _handle.IsRecurrent ? "is recurrent: its state is not KV of positions"
            : LlamaNative.ModelIsHybrid(_handle.DangerousGetHandle()) != 0 ? "has recurrent layers: their state is not KV of positions"
            : _handle.IsDiffusion ? "generates by diffusion, not token by token"
            : _handle.HasEncoder || !_handle.HasDecoder ? "has an encoder, or no decoder"
            : Info.Architecture == "llama4" && !Settings.FlashAttention ? "has layers with chunks for windows, whose KV cannot be read without flash attention (FlashAttention is false)"
            : (ropeType & MropeType) != 0 && ropeType > 0 ? "numbers positions by several dimensions (M-RoPE)"
            : null;
        if (what is not null)
        {
            throw new LlamaCppException(
                $"{path}: architecture '{Info.Architecture}' {what}, which is not supported. Decoders with full or windowed attention, and with latent attention, are.");
        }
    }

    // A small cache tells the geometry, and proves that this library understands llama.cpp's state, before anything relies on it.
    private CacheGeometry ProbeCache(string path, bool hasRotation)
    {
        try
        {
            using var sequence = new LlamaSequence(_handle, Settings, ProbePositions, ProbePositions);
            var (layout, rows) = CacheProbe.Run(sequence, ProbePositions, Info.VocabularySize);
            if (Settings.FlashAttention && rows.Count == 0)
            {
                LlamaCppLog.NotInPlace(LlamaLog.Logger, path);
            }

            return new CacheGeometry(layout, Settings.KeyType, Settings.ValueType, hasRotation);
        }
        catch (LlamaCppException error)
        {
            throw new LlamaCppException($"{path}: architecture '{Info.Architecture}', {Settings}: {error.Message}", error);
        }
    }

    // What quantized rows mean follows from the engine too: some are rotated before they are quantized.
    private string DescribeCache()
    {
        var isQuantized = Settings.KeyType == GgufTensorType.Q8_0 || Settings.ValueType == GgufTensorType.Q8_0;
        return $"kv={ComputeSettings.NameOf(Settings.KeyType)},{ComputeSettings.NameOf(Settings.ValueType)}"
            + (isQuantized ? $" of {LlamaLibrary.Engine}" : "");
    }
}
