using System.Text.Json;

namespace Swarm.Inference.Configuration;

/// <summary>Reads which layers look through a window, and how wide it is, as each family says it.</summary>
internal static class WindowJson
{
    public const string Window = "sliding_window";
    public const string Switch = "use_sliding_window";
    public const string FirstLayer = "max_window_layers";
    public const string LayerTypes = "layer_types";
    public const string FullAttention = "full_attention";
    public const string WindowedAttention = "sliding_attention";
    private const string Pattern = "sliding_window_pattern";
    private const string HiddenPattern = "_sliding_window_pattern"; // As transformers 4.53 and later save it.
    private const int DefaultPattern = 6;
    private const int DefaultFirstLayer = 28;

    /// <summary>Fields of a configuration that this reads, of a family.</summary>
    public static IReadOnlyList<string> Names(FamilyTraits traits) => traits.Windows switch
    {
        FamilyTraits.WindowRule.Everywhere => [Window],
        FamilyTraits.WindowRule.Switched => [Window, Switch, FirstLayer, LayerTypes],
        FamilyTraits.WindowRule.Alternating => [Window, LayerTypes, Pattern, HiddenPattern],
        _ => [],
    };

    /// <summary>Reads the window and the layers that look through it; of a window that hides nothing, none, unless it has its own rotary base.</summary>
    /// <param name="fields">The whole configuration.</param>
    /// <param name="traits">Its family's traits.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="maxPositions">Longest sequence.</param>
    /// <exception cref="ModelFormatException">It contradicts itself, or is not supported.</exception>
    public static (int? Window, LayerSet Layers) Read(JsonFields fields, FamilyTraits traits, int layers, int maxPositions)
    {
        if (traits.Windows == FamilyTraits.WindowRule.Nowhere || layers is < 1 or > LlamaConfig.MaxLayers)
        {
            return (null, default); // A number of layers that is out of range is refused with the others.
        }

        var window = fields.Has(Window) ? fields.IntegerOrNull(Window) : traits.DefaultWindow;
        var all = Enumerable.Range(0, layers);
        var windowed = traits.Windows switch
        {
            FamilyTraits.WindowRule.Everywhere => new LayerSet(all),
            FamilyTraits.WindowRule.Switched => ReadSwitched(fields, all, window),
            _ => ReadAlternating(fields, all),
        };
        if (windowed.Count == 0 || (window is null && traits.Windows == FamilyTraits.WindowRule.Everywhere))
        {
            return (null, default);
        }

        if (window is not { } positions)
        {
            throw fields.Fault(Window, $"is null, and {LayerTypes} has '{WindowedAttention}'; set the window, or make all '{FullAttention}'");
        }

        return positions >= maxPositions && traits.Windows != FamilyTraits.WindowRule.Alternating ? (null, default) : (positions, windowed);
    }

    private static LayerSet ReadSwitched(JsonFields fields, IEnumerable<int> all, int? window)
    {
        var types = ReadTypes(fields, all.Count());
        if (!fields.Flag(Switch))
        {
            return types is { Count: > 0 } windowed
                ? throw fields.Fault(LayerTypes, $"has '{WindowedAttention}' for layers {windowed}, and {Switch} is false or missing; correct one of them")
                : default;
        }

        var first = fields.Integer(FirstLayer, DefaultFirstLayer);
        return types ?? (window is null ? default : new LayerSet(all.Where(layer => layer >= first)));
    }

    private static LayerSet ReadAlternating(JsonFields fields, IEnumerable<int> all)
    {
        var (pattern, hidden) = (fields.IntegerOrNull(Pattern), fields.IntegerOrNull(HiddenPattern));
        if (pattern is not null && hidden is not null && pattern != hidden)
        {
            throw fields.Fault(Pattern, $"is {pattern} and {HiddenPattern} is {hidden}; remove the one that is wrong");
        }

        pattern ??= hidden;
        var repeated = pattern is null or >= 1
            ? new LayerSet(all.Where(layer => (layer + 1) % (pattern ?? DefaultPattern) != 0))
            : throw fields.Fault(Pattern, $"is {pattern}; it must be 1 or more");
        var types = ReadTypes(fields, all.Count());
        return types is null || pattern is null || types == repeated
            ? types ?? repeated
            : throw fields.Fault(LayerTypes, $"has '{WindowedAttention}' for layers {types}, and {Pattern} {pattern} gives {repeated}; remove the one that is wrong");
    }

    private static LayerSet? ReadTypes(JsonFields fields, int layers)
    {
        if (fields.Get(LayerTypes) is not { } value)
        {
            return null;
        }

        string[] types = value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => item.ToString())]
            : throw fields.Fault(LayerTypes, $"is {value}, not a list");
        if (types.Length != layers)
        {
            throw fields.Fault(LayerTypes, $"has {types.Length} entries; num_hidden_layers is {layers}");
        }

        return types.FirstOrDefault(type => type is not (FullAttention or WindowedAttention)) is { } other
            ? throw fields.Fault(LayerTypes, $"has '{other}'; '{FullAttention}' and '{WindowedAttention}' are supported")
            : new LayerSet(types.Index().Where(item => item.Item == WindowedAttention).Select(item => item.Index));
    }
}
