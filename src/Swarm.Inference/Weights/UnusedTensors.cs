using System.Text.RegularExpressions;
using Swarm.Inference.Configuration;

namespace Swarm.Inference.Weights;

/// <summary>Tensors beside those that a model consists of: buffers change nothing, all others would change the logits.</summary>
internal static partial class UnusedTensors
{
    private const int Shown = 4;

    // Computed from the configuration, or constants. Older transformers saved them with the weights.
    private static readonly string[] BufferEnds =
    [
        "rotary_emb.inv_freq", "rotary_emb.original_inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached", "position_ids",
        "masked_bias", "causal_mask",
    ];

    /// <summary>Refuses tensors that change the logits.</summary>
    /// <param name="files">All files.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="ignored">Receives the names of tensors that are not known and are no weights.</param>
    /// <exception cref="ModelFormatException">There are some; the message names them.</exception>
    public static void Check(WeightFiles files, LlamaConfig config, ICollection<string> ignored)
    {
        var used = LlamaTensors.All(config).Select(item => item.Name).ToHashSet(StringComparer.Ordinal);
        var others = files.All
            .Where(item => !used.Contains(item.Name) && !IsBuffer(item.Name) && !(config.TiedEmbeddings && item.Name == LlamaTensors.Head))
            .OrderBy(item => item.Name, StringComparer.Ordinal)
            .ToArray();
        foreach (var (name, entry) in others.Where(item => IsFlag(item.Name, item.Entry)))
        {
            ignored.Add($"{files.PathOf(name)}: {Describe(name, entry)}");
        }

        var refused = others.Where(item => !IsFlag(item.Name, item.Entry)).ToArray();
        if (refused.Length > 0)
        {
            var more = refused.Length > Shown ? $" and {refused.Length - Shown} more" : "";
            throw new ModelFormatException(
                $"{files.PathOf(refused[0].Name)} holds tensors that the architecture in config.json does not use and that would change "
                + $"its logits: {string.Join(", ", refused.Take(Shown).Select(item => Describe(item.Name, item.Entry)))}{more}. "
                + Advise(refused[0].Name, config));
        }
    }

    private static bool IsBuffer(string name) =>
        BufferEnds.Any(end => name == end || name.EndsWith("." + end, StringComparison.Ordinal));

    // A mask of booleans is a buffer, but one of a weight prunes it.
    private static bool IsFlag(string name, SafetensorsEntry entry) =>
        entry.DType == "BOOL" && !name.Contains("weight", StringComparison.Ordinal);

    private static string Describe(string name, SafetensorsEntry entry) =>
        $"'{name}' ({entry.DType} [{string.Join(", ", entry.Shape)}])";

    private static string Advise(string name, LlamaConfig config) => LayerName().Match(name) is { Success: true } layer
        && int.TryParse(layer.Groups[1].ValueSpan, out var number) && number >= config.Layers
            ? $"num_hidden_layers is {config.Layers}."
            : name.Contains("lora_", StringComparison.OrdinalIgnoreCase)
                ? "Merge the adapter into the weights first."
                : $"{config.Traits.Architecture} is supported without experts and quantization, and with the biases and norms that its config.json names.";

    [GeneratedRegex(@"^model\.layers\.([0-9]+)\.")]
    private static partial Regex LayerName();
}
