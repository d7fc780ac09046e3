using System.Globalization;

namespace Swarm.Inference.Configuration;

/// <summary>
/// Reads the rotary embedding: <c>rope_theta</c> and <c>rope_scaling</c> as transformers 4 writes them, or <c>rope_parameters</c> as
/// transformers 5 does, with a section for each type of layer where these differ. Where several say it, they must agree.
/// </summary>
internal static class RopeJson
{
    public const string WindowTheta = "rope_local_base_freq";
    private const string Default = "default";
    private const string Theta = "rope_theta";
    private const string Parameters = "rope_parameters";
    private const string OriginalPositions = "original_max_position_embeddings";
    private const double DefaultWindowTheta = 10_000;

    private static readonly string[] _yarnNames =
        ["factor", OriginalPositions, "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"];

    /// <summary>Fields of a configuration that this reads, of any family.</summary>
    public static IReadOnlyList<string> Names { get; } = [Parameters, "rope_scaling", Theta, OriginalPositions];

    /// <summary>Reads bases and scaling.</summary>
    /// <param name="root">The whole configuration.</param>
    /// <param name="traits">Its family's traits.</param>
    /// <param name="maxPositions">Its <c>max_position_embeddings</c>.</param>
    /// <returns>The base, the scaling, null for none, and the base of layers with a window, null where it is the same.</returns>
    /// <exception cref="ModelFormatException">It contradicts itself, or has something that is not supported.</exception>
    public static (double Theta, RopeScaling? Scaling, double? WindowTheta) Read(JsonFields root, FamilyTraits traits, int maxPositions)
    {
        var byLayerType = traits.Windows == FamilyTraits.WindowRule.Alternating;
        var (theta, scaling) = ReadFull(root, byLayerType, maxPositions);
        RequireOriginalPositions(root, scaling, maxPositions);
        return (theta ?? traits.DefaultRopeTheta, scaling, byLayerType ? ReadWindowTheta(root) : null);
    }

    private static (double? Theta, RopeScaling? Scaling) ReadFull(JsonFields root, bool byLayerType, int maxPositions)
    {
        var theta = (Name: Theta, Value: root.RealOrNull(Theta));
        (string Name, RopeScaling? Value)? scaling = null;
        foreach (var name in Names.Take(2))
        {
            if (root.Section(name) is not { } whole)
            {
                continue;
            }

            var section = (byLayerType ? OfLayerType(whole, WindowJson.FullAttention) : null) ?? whole;
            if (section.RealOrNull(Theta) is { } own)
            {
                theta = theta.Value is not { } other || other == own
                    ? (section.Prefix + Theta, own)
                    : throw root.Fault(
                        theta.Name, Invariant($"is {other} and {section.Prefix}{Theta} is {own}; remove the one that is wrong"));
            }

            var read = ReadScaling(section, root.IntegerOrNull(OriginalPositions), maxPositions);
            scaling = scaling is not { } before || Equals(before.Value, read)
                ? (name, read)
                : throw root.Fault(before.Name, $"and {name} differ; remove the one that is wrong");
        }

        return (theta.Value, scaling?.Value);
    }

    private static double ReadWindowTheta(JsonFields root)
    {
        var local = root.RealOrNull(WindowTheta);
        if (root.Section(Parameters) is not { } whole || OfLayerType(whole, WindowJson.WindowedAttention) is not { } section)
        {
            return local ?? DefaultWindowTheta;
        }

        if (ReadScaling(section, null, 1) is { } scaling)
        {
            throw section.Fault("rope_type", $"is '{scaling.Type}'; layers with a window are supported with '{Default}' alone");
        }

        var own = section.RealOrNull(Theta);
        return local is null || own is null || local == own
            ? own ?? local ?? DefaultWindowTheta
            : throw root.Fault(WindowTheta, Invariant($"is {local} and {section.Prefix}{Theta} is {own}; remove the one that is wrong"));
    }

    /// <summary>The section of a type of layers; null where all layers have one section.</summary>
    private static JsonFields? OfLayerType(JsonFields whole, string type)
    {
        string[] names = [.. whole.All.Select(field => field.Name)];
        if (whole.Prefix != $"{Parameters}." || !names.Any(IsLayerType))
        {
            return null;
        }

        return Array.Find(names, name => !IsLayerType(name)) is { } other
            ? throw whole.Fault(other, "stands beside sections of layer types, where it says nothing; remove it")
            : whole.Section(type);

        static bool IsLayerType(string name) => name is WindowJson.FullAttention or WindowJson.WindowedAttention;
    }

    private static RopeScaling? ReadScaling(JsonFields section, int? originalPositions, int maxPositions)
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
            YarnRopeScaling.TypeName => ReadYarn(section, originalPositions ?? maxPositions, maxPositions),
            _ => throw section.Fault(
                "rope_type",
                $"'{type}' is not supported; '{Default}', '{LinearRopeScaling.TypeName}', '{Llama3RopeScaling.TypeName}' and "
                + $"'{YarnRopeScaling.TypeName}' are. The model was trained with it: without it, its logits would be others"),
        };
        IEnumerable<string> own = scaling is YarnRopeScaling ? _yarnNames : scaling?.Parameters.Select(item => item.Name) ?? [];
        string[] known = ["rope_type", "type", Theta, "partial_rotary_factor", .. own];
        foreach (var field in section.All.Where(field => !known.Contains(field.Name)))
        {
            throw section.Fault(
                field.Name, $"is {field.Value}, which is not known for rope_type '{type}' and may change the logits");
        }

        return scaling;
    }

    // A missing or null factor is the quotient of both lengths, as in transformers 5; 4.5x takes that even where a factor is given.
    private static YarnRopeScaling ReadYarn(JsonFields section, int fallbackPositions, int maxPositions)
    {
        var original = section.Integer(OriginalPositions, fallbackPositions);
        return new YarnRopeScaling(section.RealOrNull("factor") ?? (original < 1 ? 0 : (double)maxPositions / original), original)
        {
            GivenAttentionFactor = section.RealOrNull("attention_factor"),
            BetaFast = section.RealOrNull("beta_fast") is { } fast and not 0 ? fast : 32,
            BetaSlow = section.RealOrNull("beta_slow") is { } slow and not 0 ? slow : 1,
            Mscale = section.Real("mscale", 0),
            MscaleAllDim = section.Real("mscale_all_dim", 0),
            Truncate = section.Flag("truncate", fallback: true),
        };
    }

    private static void RequireOriginalPositions(JsonFields root, RopeScaling? scaling, int maxPositions)
    {
        var expected = scaling switch
        {
            Llama3RopeScaling llama3 => llama3.OriginalMaxPositions,
            YarnRopeScaling yarn => yarn.OriginalMaxPositions,
            _ => maxPositions,
        };
        if (root.IntegerOrNull(OriginalPositions) is { } original && original != expected)
        {
            throw root.Fault(
                OriginalPositions, $"is {original}; {expected} is expected, as the rest of the configuration says");
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
