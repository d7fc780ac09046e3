using System.Globalization;

namespace Swarm.Inference.Configuration;

/// <summary>
/// Reads the rotary embedding: <c>rope_theta</c> and <c>rope_scaling</c> as transformers 4 writes them, or <c>rope_parameters</c> as
/// transformers 5 does. Where several say it, they must agree.
/// </summary>
internal static class RopeJson
{
    private const string Default = "default";
    private const string Theta = "rope_theta";
    private const string OriginalPositions = "original_max_position_embeddings";

    /// <summary>Fields of a configuration that this reads.</summary>
    public static IReadOnlyList<string> Names { get; } = ["rope_parameters", "rope_scaling", Theta, OriginalPositions];

    /// <summary>Reads base and scaling.</summary>
    /// <param name="root">The whole configuration.</param>
    /// <param name="maxPositions">Its <c>max_position_embeddings</c>.</param>
    /// <returns>The base, 10,000 unless said, and the scaling, null for none.</returns>
    /// <exception cref="ModelFormatException">It contradicts itself, or has something that is not supported.</exception>
    public static (double Theta, RopeScaling? Scaling) Read(JsonFields root, int maxPositions)
    {
        var theta = (Name: Theta, Value: root.RealOrNull(Theta));
        (string Name, RopeScaling? Value)? scaling = null;
        foreach (var name in Names.Take(2))
        {
            if (root.Section(name) is not { } section)
            {
                continue;
            }

            if (section.RealOrNull(Theta) is { } own)
            {
                theta = theta.Value is not { } other || other == own
                    ? (section.Prefix + Theta, own)
                    : throw root.Fault(
                        theta.Name, Invariant($"is {other} and {section.Prefix}{Theta} is {own}; remove the one that is wrong"));
            }

            var read = ReadScaling(section, root.IntegerOrNull(OriginalPositions));
            scaling = scaling is not { } before || Equals(before.Value, read)
                ? (name, read)
                : throw root.Fault(before.Name, $"and {name} differ; remove the one that is wrong");
        }

        RequireOriginalPositions(root, scaling?.Value, maxPositions);
        return (theta.Value ?? 10_000, scaling?.Value);
    }

    private static RopeScaling? ReadScaling(JsonFields section, int? originalPositions)
    {
        var (type, legacy) = (section.TextOrNull("rope_type"), section.TextOrNull("type"));
        if (type is not null && legacy is not null && type != legacy)
        {
            throw section.Fault("rope_type", $"is '{type}' and {section.Prefix}type is '{legacy}'; remove the one that is wrong");
        }

        if (section.RealOrNull("partial_rotary_factor") is { } part and not 1)
        {
            throw section.Fault("partial_rotary_factor", Invariant($"is {part}; only 1 is supported"));
        }

        type = type ?? legacy ?? Default;
        RopeScaling? scaling = type switch
        {
            Default => null,
            LinearRopeScaling.TypeName => new LinearRopeScaling(section.Real("factor")),
            Llama3RopeScaling.TypeName => new Llama3RopeScaling(
                section.Real("factor"),
                section.Real("low_freq_factor"),
                section.Real("high_freq_factor"),
                section.Integer(OriginalPositions, originalPositions)),
            _ => throw section.Fault(
                "rope_type",
                $"'{type}' is not supported; '{Default}', '{LinearRopeScaling.TypeName}' and '{Llama3RopeScaling.TypeName}' are. "
                + "The model was trained with it: without it, its logits would be others"),
        };
        string[] known =
            ["rope_type", "type", Theta, "partial_rotary_factor", .. scaling?.Parameters.Select(item => item.Name) ?? []];
        foreach (var field in section.All.Where(field => !known.Contains(field.Name)))
        {
            throw section.Fault(
                field.Name, $"is {field.Value}, which is not known for rope_type '{type}' and may change the logits");
        }

        return scaling;
    }

    private static void RequireOriginalPositions(JsonFields root, RopeScaling? scaling, int maxPositions)
    {
        var expected = scaling is Llama3RopeScaling llama3 ? llama3.OriginalMaxPositions : maxPositions;
        if (root.IntegerOrNull(OriginalPositions) is { } original && original != expected)
        {
            throw root.Fault(
                OriginalPositions, $"is {original}; {expected} is expected, as the rest of the configuration says");
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
