using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Swarm.Core.Identity;
using Swarm.Inference.Configuration;
using static TorchSharp.torch;

namespace Swarm.Inference.Weights;

/// <summary>
/// A low-rank adapter (LoRA, Hu et al., arXiv 2106.09685) as PEFT writes it, merged into the weights when they are read: W + scale × B A.
/// </summary>
/// <remarks>
/// Summed in fp32 in a fixed order, without libtorch: the merged weights, and so the fingerprint, are the same on every machine.
/// </remarks>
internal sealed class LoraAdapter : IDisposable
{
    public const string ConfigName = "adapter_config.json";
    private const string WeightsName = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";
    private const string DownEnd = ".lora_A.weight";
    private const string UpEnd = ".lora_B.weight";

    private readonly SafetensorsFile _file;
    private readonly LoraConfig _config;
    private readonly HashSet<string> _changed;

    private LoraAdapter(SafetensorsFile file, LoraConfig config, HashSet<string> changed)
    {
        _file = file;
        _config = config;
        _changed = changed;
    }

    /// <summary>Files of an adapter, by which a directory is known to hold one.</summary>
    public static IReadOnlyList<string> Names { get; } = [ConfigName, WeightsName, "adapter_model.bin"];

    /// <summary>Opens an adapter and checks that it fits a model.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="model">The model's configuration.</param>
    /// <exception cref="ModelFormatException">A file is missing or malformed, or has something that is not supported.</exception>
    public static LoraAdapter Open(string directory, LlamaConfig model)
    {
        var configPath = Path.Combine(directory, ConfigName);
        var config = LoraConfig.ReadFile(configPath);
        var path = Path.Combine(directory, WeightsName);
        var file = SafetensorsFile.Open(path);
        try
        {
            var changed = Check(path, file, config, model);
            RequireTargets(configPath, config, changed);
            return new LoraAdapter(file, config, changed);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether it changes a weight.</summary>
    public bool Changes(string weight) => _changed.Contains(weight);

    /// <summary>Adds its part to a weight, fp32 [out, in].</summary>
    public void Merge(string weight, Tensor tensor)
    {
        var (rows, width) = (tensor.shape[0], (int)tensor.shape[1]);
        using var down = Read(weight, DownEnd, [_config.Rank, width]);
        using var up = Read(weight, UpEnd, [rows, _config.Rank]);
        var scale = (float)_config.Scale;
        Parallel.For(0L, rows, row =>
        {
            var delta = new float[width];
            var factors = MemoryMarshal.Cast<byte, float>(up.bytes).Slice((int)row * _config.Rank, _config.Rank);
            var parts = MemoryMarshal.Cast<byte, float>(down.bytes);
            for (var rank = 0; rank < factors.Length; rank++)
            {
                AddScaled(delta, parts.Slice(rank * width, width), factors[rank]);
            }

            AddScaled(MemoryMarshal.Cast<byte, float>(tensor.bytes).Slice((int)row * width, width), delta, scale);
        });
    }

    /// <summary>What names it in a fingerprint: the digest of its weights and its scale.</summary>
    public string Describe()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(_config.Scale.ToString("R", CultureInfo.InvariantCulture)));
        foreach (var (name, entry) in _file.Entries.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            var bytes = new byte[entry.Length];
            _file.Read(name, bytes);
            hash.AppendData(Encoding.UTF8.GetBytes($"|{name}|{entry.DType}|{string.Join(',', entry.Shape)}|"));
            hash.AppendData(bytes);
        }

        return $"lora sha256:{new Digest256(hash.GetHashAndReset())}";
    }

    public void Dispose() => _file.Dispose();

    private static void AddScaled(Span<float> target, ReadOnlySpan<float> values, float factor)
    {
        var wideTarget = MemoryMarshal.Cast<float, Vector<float>>(target);
        var wideValues = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var index = 0; index < wideTarget.Length; index++)
        {
            wideTarget[index] += wideValues[index] * factor;
        }

        for (var index = wideTarget.Length * Vector<float>.Count; index < target.Length; index++)
        {
            target[index] += values[index] * factor;
        }
    }

    /// <summary>Pairs the tensors, and checks each against the weight that it changes.</summary>
    private static HashSet<string> Check(string path, SafetensorsFile file, LoraConfig config, LlamaConfig model)
    {
        var shapes = LlamaTensors.All(model)
            .Where(item => item.Shape.Length == 2 && item.Name != LlamaTensors.Embedding)
            .ToDictionary(item => item.Name, item => item.Shape, StringComparer.Ordinal);
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, entry) in file.Entries)
        {
            var end = name.EndsWith(DownEnd, StringComparison.Ordinal) ? DownEnd : UpEnd;
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(end, StringComparison.Ordinal)
                || !shapes.TryGetValue($"{name[Prefix.Length..^end.Length]}.weight", out var shape))
            {
                throw new ModelFormatException(
                    $"{path}: tensor '{name}' belongs to no matrix of {model.Traits.Architecture} that an adapter can change; '{Prefix}' with the name "
                    + $"of a layer's projection or lm_head, and '{DownEnd}' or '{UpEnd}', are supported. Merge the adapter with PEFT instead.");
            }

            long[] expected = end == DownEnd ? [config.Rank, shape[1]] : [shape[0], config.Rank];
            if (!entry.Shape.SequenceEqual(expected))
            {
                throw new ModelFormatException(
                    $"{path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}]; with r {config.Rank} the model asks for "
                    + $"[{string.Join(", ", expected)}].");
            }

            StoredTensor.Require(path, name, entry);
            var other = name[..^end.Length] + (end == DownEnd ? UpEnd : DownEnd);
            if (!file.Entries.ContainsKey(other))
            {
                throw new ModelFormatException($"{path} holds tensor '{name}', and not '{other}'; one without the other says nothing.");
            }

            changed.Add($"{name[Prefix.Length..^end.Length]}.weight");
        }

        return changed.Count > 0 ? changed : throw new ModelFormatException($"{path} holds no tensor; an adapter without weights changes nothing.");
    }

    private static void RequireTargets(string path, LoraConfig config, HashSet<string> changed)
    {
        foreach (var target in config.TargetModules)
        {
            if (!changed.Any(name => name.EndsWith($".{target}.weight", StringComparison.Ordinal) || name == $"{target}.weight"))
            {
                throw new ModelFormatException(
                    $"{path}: target_modules names '{target}', of which {WeightsName} holds no tensor; one of them is another adapter's.");
            }
        }
    }

    private Tensor Read(string weight, string end, long[] shape)
    {
        var name = $"{Prefix}{weight[..^".weight".Length]}{end}";
        return StoredTensor.Read(_file.Entries[name], shape, ScalarType.Float32, bytes => _file.Read(name, bytes));
    }
}
