using System.Text.Json;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>What an adapter's <c>adapter_config.json</c> says, as far as it changes the weights.</summary>
/// <param name="Rank">Rank of its matrices, <c>r</c>; 1 to 4,096.</param>
/// <param name="Scale">What their product is multiplied by: <c>lora_alpha</c> / r, or / √r with <c>use_rslora</c> (arXiv 2312.03732).</param>
/// <param name="TargetModules">Names of modules in <c>target_modules</c>; none where it is a pattern.</param>
internal sealed record LoraConfig(int Rank, double Scale, IReadOnlyList<string> TargetModules)
{
    private const int MaxRank = 4096;
    private const long MaxFileBytes = 1 << 20;

    private static readonly HashSet<string> Honoured = ["peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "bias", "init_lora_weights"];

    // Of training, of the file, and of which layers were trained: the tensors that are there say that.
    private static readonly HashSet<string> Harmless =
    [
        "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "task_type", "peft_version", "lora_dropout",
        "layers_to_transform", "layers_pattern", "exclude_modules", "eva_config", "runtime_config", "megatron_core", "qalora_group_size",
    ];

    // Of adapters whose base weights are not the model's.
    private static readonly string[] _plainStarts = ["gaussian", "eva", "orthogonal"];

    /// <summary>Reads an adapter's configuration.</summary>
    /// <exception cref="ModelFormatException">It is missing, malformed, or asks for more than plain matrices.</exception>
    public static LoraConfig ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > MaxFileBytes)
        {
            throw new ModelFormatException(
                file.Exists
                    ? $"{path} has {file.Length} bytes; at most {MaxFileBytes} are expected."
                    : $"{path} does not exist; an adapter's directory needs one, as PEFT writes it.");
        }

        using var document = LlamaConfigJson.ParseDocument(File.ReadAllBytes(path), path);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException($"{path} holds a JSON {document.RootElement.ValueKind}, not an object.");
        }

        var fields = new JsonFields(document.RootElement, path);
        RequireText(fields, "peft_type", "LORA");
        RequireText(fields, "bias", "none");
        RequirePlainStart(fields);
        foreach (var field in fields.All.Where(field => !Honoured.Contains(field.Name) && !Harmless.Contains(field.Name)))
        {
            if (!IsOff(field.Value))
            {
                throw fields.Fault(
                    field.Name,
                    $"is {field.Value.GetRawText()}; adapters are supported with it off, null or empty. Merge the adapter with PEFT (merge_and_unload) instead");
            }
        }

        var rank = fields.Integer("r");
        var alpha = fields.Real("lora_alpha");
        if (rank is < 1 or > MaxRank || !double.IsFinite(alpha))
        {
            throw fields.Fault("r", $"is {rank} and lora_alpha {alpha}; 1 to {MaxRank} and a finite number are supported");
        }

        return new LoraConfig(rank, fields.Flag("use_rslora") ? alpha / Math.Sqrt(rank) : alpha / rank, ReadTargets(fields));
    }

    private static void RequireText(JsonFields fields, string name, string expected)
    {
        var text = fields.TextOrNull(name);
        if (text != expected && !(text is null && name == "bias"))
        {
            throw fields.Fault(name, $"is {(text is null ? "missing" : $"'{text}'")}; '{expected}' alone is supported");
        }
    }

    private static void RequirePlainStart(JsonFields fields)
    {
        if (fields.Get("init_lora_weights") is { ValueKind: JsonValueKind.String } start
            && !_plainStarts.Contains(start.GetString(), StringComparer.OrdinalIgnoreCase))
        {
            throw fields.Fault(
                "init_lora_weights",
                $"is '{start}', which may have changed the base model's weights; {string.Join(", ", _plainStarts)}, true and false are supported. "
                + "Save the adapter converted to plain LoRA (PEFT's path_initial_model_for_weight_conversion)");
        }
    }

    private static IReadOnlyList<string> ReadTargets(JsonFields fields) => fields.Get("target_modules") switch
    {
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => item.ToString())],
        { ValueKind: JsonValueKind.String } or null => [],
        var other => throw fields.Fault("target_modules", $"is {other}, neither a list nor a pattern"),
    };

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };
}
