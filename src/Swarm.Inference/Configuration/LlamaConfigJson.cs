using System.Text.Json;

namespace Swarm.Inference.Configuration;

/// <summary>Reads and writes a Hugging Face style <c>config.json</c>, as transformers 4 and 5 write it.</summary>
/// <remarks>
/// A field that changes the logits is honoured, or refused by its name. Fields that are known to change nothing are passed
/// over; those that are not known are listed in <see cref="LlamaModel.Ignored"/>, unless their name tells that they matter.
/// </remarks>
public static class LlamaConfigJson
{
    private const long MaxFileBytes = 1 << 20;
    private const double DefaultQueryScalar = 256;

    /// <summary>Reads a configuration file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns>The configuration, checked.</returns>
    /// <exception cref="ModelFormatException">It is missing, malformed, or not supported.</exception>
    public static LlamaConfig Read(string path) => ReadFile(path).Config;

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">UTF-8 text, with or without a byte order mark.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <returns>The configuration, checked.</returns>
    /// <exception cref="ModelFormatException">It is malformed, or not supported.</exception>
    public static LlamaConfig Parse(ReadOnlySpan<byte> json, string source) => ParseFile(json.ToArray(), source).Config;

    /// <summary>Writes a configuration in a form that does not depend on anything but its values.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns>JSON text.</returns>
    public static string Write(LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return LlamaConfigText.Write(config);
    }

    /// <summary>Reads a configuration file, with what it says beside the shape.</summary>
    internal static LlamaConfigFile ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelFormatException($"{path} does not exist; a model's directory needs a config.json.");
        }

        return file.Length <= MaxFileBytes
            ? ParseFile(File.ReadAllBytes(path), path)
            : throw new ModelFormatException($"{path} has {file.Length} bytes; at most {MaxFileBytes} are expected.");
    }

    /// <summary>Parses JSON, with or without a byte order mark; nothing may come behind it, and no name twice.</summary>
    internal static JsonDocument ParseDocument(ReadOnlyMemory<byte> json, string source)
    {
        try
        {
            var text = json.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? json[3..] : json;
            return JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            var isJson = json.Span.TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D]) is [(byte)'{', ..];
            var what = isJson ? null : ForeignFile.Describe(json.Span[..Math.Min(json.Length, ForeignFile.HeadBytes)]);
            throw new ModelFormatException(
                what is null ? $"{source} is not JSON: {error.Message}" : $"{source} {what}.", error);
        }
    }

    private static LlamaConfigFile ParseFile(ReadOnlyMemory<byte> json, string source)
    {
        using var document = ParseDocument(json, source);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException($"{source} holds a JSON {document.RootElement.ValueKind}, not an object.");
        }

        var fields = new JsonFields(document.RootElement, source);
        var traits = ReadArchitecture(fields);
        var dtype = ReadDType(fields);
        var config = ReadConfig(fields, traits) with { DType = dtype ?? KvDType.Float32 };
        config.Validated(source);
        return new LlamaConfigFile(config, dtype is not null, LlamaConfigFields.Check(fields, config));
    }

    private static LlamaConfig ReadConfig(JsonFields fields, FamilyTraits traits)
    {
        var heads = fields.Integer("num_attention_heads");
        var hidden = fields.Integer("hidden_size");
        var layers = fields.Integer("num_hidden_layers");
        var maxPositions = fields.Integer("max_position_embeddings", traits.DefaultMaxPositions);
        var (theta, scaling, windowTheta) = RopeJson.Read(fields, traits, maxPositions);
        var (window, windowed) = WindowJson.Read(fields, traits, layers, maxPositions);
        var latent = traits.IsLatent ? LatentJson.Read(fields, layers) : null;
        return new LlamaConfig
        {
            Family = traits.Family,
            VocabularySize = fields.Integer("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.Integer("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KvHeads = fields.Integer("num_key_value_heads", traits.DefaultsKvHeads || traits.IsLatent ? heads : null),
            HeadDim = latent?.HeadDim ?? (traits.NamesHeadDim ? fields.Integer("head_dim") : ReadHeadDim(fields, hidden, heads)),
            MaxPositions = maxPositions,
            RopeTheta = theta,
            RopeScaling = scaling,
            WindowRopeTheta = windowTheta,
            SlidingWindow = window,
            WindowedLayers = windowed,
            AttentionBias = traits.MayHaveAttentionBias && fields.Flag(LlamaConfigFields.AttentionBias),
            QueryPreAttentionScalar = traits.NormsOutputs ? fields.Real(LlamaConfigFields.QueryScalar, DefaultQueryScalar) : null,
            Latent = latent,
            RmsNormEpsilon = fields.Real("rms_norm_eps", 1e-6),
            TiedEmbeddings = fields.Flag("tie_word_embeddings", traits.DefaultTied),
        };
    }

    private static int ReadHeadDim(JsonFields fields, int hidden, int heads) =>
        fields.IntegerOrNull("head_dim") ?? (heads < 1 ? 0 : hidden % heads == 0
            ? hidden / heads
            : throw fields.Fault("head_dim", $"is missing, and num_attention_heads {heads} does not divide hidden_size {hidden}"));

    // Half precision has no fast kernels on a processor, and everything in it is a float32 too.
    private static KvDType? ReadDType(JsonFields fields)
    {
        var (current, legacy) = (fields.TextOrNull("dtype"), fields.TextOrNull("torch_dtype"));
        if (current is not null && legacy is not null && current != legacy)
        {
            throw fields.Fault("dtype", $"is '{current}' and torch_dtype is '{legacy}'; remove the one that is wrong");
        }

        return (current ?? legacy) switch
        {
            null => null,
            "float32" or "float16" => KvDType.Float32,
            "bfloat16" => KvDType.BFloat16,
            var other => throw fields.Fault(
                current is null ? "torch_dtype" : "dtype", $"'{other}' is not supported; 'float32', 'bfloat16' and 'float16' are"),
        };
    }

    private static FamilyTraits ReadArchitecture(JsonFields fields)
    {
        var names = fields.Get("architectures") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(item => item.ToString()).ToArray()
            : [];
        return names is [var name] && FamilyTraits.TryFind(name) is { } traits
            ? traits
            : throw new ModelFormatException(
                $"{fields.Source}: {(names.Length == 0 ? "no architecture is named ('architectures')" : $"architectures [{string.Join(", ", names)}] are not supported")}; "
                + $"one of {string.Join(", ", FamilyTraits.Architectures)} is {(names.Length == 0 ? "needed" : "supported")}.");
    }
}
