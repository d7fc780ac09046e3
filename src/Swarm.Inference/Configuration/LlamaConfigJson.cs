using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Core.Geometry;

namespace Swarm.Inference.Configuration;

/// <summary>Reads and writes a Hugging Face style <c>config.json</c>.</summary>
public static class LlamaConfigJson
{
    private const string Architecture = "LlamaForCausalLM";
    private const long MaxFileBytes = 1 << 20;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads a configuration file.</summary>
    /// <param name="path">Path of the file.</param>
    /// <returns>The configuration, checked.</returns>
    /// <exception cref="ModelFormatException">It is missing, malformed, or not supported.</exception>
    public static LlamaConfig Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelFormatException($"{path} does not exist; a model's directory needs a config.json.");
        }

        return file.Length <= MaxFileBytes
            ? Parse(File.ReadAllBytes(path), path)
            : throw new ModelFormatException($"{path} has {file.Length} bytes; at most {MaxFileBytes} are expected.");
    }

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <returns>The configuration, checked.</returns>
    /// <exception cref="ModelFormatException">It is malformed, or not supported.</exception>
    public static LlamaConfig Parse(ReadOnlySpan<byte> json, string source)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            return Read(document.RootElement, source).Validated(source);
        }
        catch (JsonException error)
        {
            throw new ModelFormatException($"{source} is not JSON: {error.Message}", error);
        }
    }

    /// <summary>Writes a configuration in a form that does not depend on anything but its values.</summary>
    /// <param name="config">The configuration.</param>
    /// <returns>JSON text.</returns>
    public static string Write(LlamaConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new JsonObject
        {
            ["architectures"] = new JsonArray(Architecture),
            ["model_type"] = "llama",
            ["vocab_size"] = config.VocabularySize,
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["max_position_embeddings"] = config.MaxPositions,
            ["rope_theta"] = config.RopeTheta,
            ["rms_norm_eps"] = config.RmsNormEpsilon,
            ["tie_word_embeddings"] = config.TiedEmbeddings,
            ["torch_dtype"] = config.DType == KvDType.BFloat16 ? "bfloat16" : "float32",
            ["hidden_act"] = "silu",
            ["attention_bias"] = false,
            ["mlp_bias"] = false,
        }.ToJsonString(Indented);
    }

    private static LlamaConfig Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException($"{source} holds a JSON {root.ValueKind}, not an object.");
        }

        RequireArchitecture(root, source);
        RequireAbsent(root, source, "rope_scaling");
        RequireFalse(root, source, "attention_bias");
        RequireFalse(root, source, "mlp_bias");
        if (Text(root, source, "hidden_act", "silu") is var activation and not "silu")
        {
            throw new ModelFormatException($"{source}: hidden_act '{activation}' is not supported; 'silu' is.");
        }

        var heads = Integer(root, source, "num_attention_heads");
        var hidden = Integer(root, source, "hidden_size");
        return new LlamaConfig
        {
            VocabularySize = Integer(root, source, "vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = Integer(root, source, "intermediate_size"),
            Layers = Integer(root, source, "num_hidden_layers"),
            Heads = heads,
            KvHeads = Integer(root, source, "num_key_value_heads", heads),
            HeadDim = Integer(root, source, "head_dim", heads > 0 ? hidden / heads : 0),
            MaxPositions = Integer(root, source, "max_position_embeddings", 2048),
            RopeTheta = Real(root, source, "rope_theta", 10_000),
            RmsNormEpsilon = Real(root, source, "rms_norm_eps", 1e-6),
            TiedEmbeddings = Flag(root, source, "tie_word_embeddings"),
            DType = Text(root, source, "torch_dtype", "float32") switch
            {
                "float32" => KvDType.Float32,
                "bfloat16" => KvDType.BFloat16,
                var other => throw new ModelFormatException(
                    $"{source}: torch_dtype '{other}' is not supported; 'float32' and 'bfloat16' are."),
            },
        };
    }

    private static void RequireArchitecture(JsonElement root, string source)
    {
        var names = root.TryGetProperty("architectures", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(item => item.ToString()).ToArray()
            : [];
        if (!names.Contains(Architecture))
        {
            throw new ModelFormatException(
                $"{source}: architectures [{string.Join(", ", names)}] are not supported; {Architecture} is.");
        }
    }

    private static void RequireAbsent(JsonElement root, string source, string name)
    {
        if (root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
        {
            throw new ModelFormatException($"{source}: {name} {value} is not supported; leave it out or null.");
        }
    }

    private static void RequireFalse(JsonElement root, string source, string name)
    {
        if (Flag(root, source, name))
        {
            throw new ModelFormatException($"{source}: {name} true is not supported; false is.");
        }
    }

    private static int Integer(JsonElement root, string source, string name, int? fallback = null) =>
        Get(root, name) is not { } value
            ? fallback ?? throw new ModelFormatException($"{source}: {name} is missing.")
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
                ? number
                : throw new ModelFormatException($"{source}: {name} is {value}, not a whole number.");

    private static double Real(JsonElement root, string source, string name, double fallback) =>
        Get(root, name) is not { } value
            ? fallback
            : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
                ? number
                : throw new ModelFormatException($"{source}: {name} is {value}, not a number.");

    private static bool Flag(JsonElement root, string source, string name) => Get(root, name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        var value => throw new ModelFormatException($"{source}: {name} is {value}, not true or false."),
    };

    private static string Text(JsonElement root, string source, string name, string fallback) =>
        Get(root, name) is not { } value
            ? fallback
            : value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new ModelFormatException($"{source}: {name} is {value}, not a text.");

    private static JsonElement? Get(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
