using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>Reads <c>pre_tokenizer</c> of tokenizer.json.</summary>
internal static class PreTokenizerJson
{
    /// <summary>How GPT-2 cuts text, which <c>ByteLevel</c> does where nothing else is said.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Reads a pre-tokenizer, with those that are in it.</summary>
    /// <param name="place">Where it is; <see langword="null"/> for none.</param>
    /// <returns>The steps, and whether text is bytes behind them.</returns>
    public static (List<PreTokenizer> Steps, bool IsByteLevel) Read(JsonPlace? place)
    {
        var steps = new List<PreTokenizer>();
        var isByteLevel = false;
        if (place is { } found)
        {
            Read(found, steps, ref isByteLevel);
        }

        return (steps, isByteLevel);
    }

    /// <summary>Reads where a space is put, as <c>Metaspace</c> has it in its two forms.</summary>
    public static PrependScheme ReadScheme(JsonPlace place) => place.Find("prepend_scheme") is not { } scheme
        ? place.FlagOr("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never
        : scheme.Text() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw scheme.Fault("is not supported: always, first and never are"),
        };

    private static void Read(JsonPlace place, List<PreTokenizer> steps, ref bool isByteLevel)
    {
        var type = place.Require("type");
        if (isByteLevel)
        {
            throw type.Fault("stands behind ByteLevel, where text is bytes; ByteLevel is supported as the last one");
        }

        switch (type.Text())
        {
            case "Sequence":
                place.RequireOnly("type", "pretokenizers");
                foreach (var item in place.Require("pretokenizers").Items())
                {
                    Read(item, steps, ref isByteLevel);
                }

                break;
            case "ByteLevel":
                place.RequireOnly("type", "add_prefix_space", "trim_offsets", "use_regex"); // Offsets are of no concern here.
                if (place.FlagOr("add_prefix_space", true))
                {
                    steps.Add(new PrefixSpaceStep());
                }

                if (place.FlagOr("use_regex", true))
                {
                    steps.Add(new SplitStep(new SplitPattern(Gpt2Pattern), SplitBehavior.Isolated, invert: false));
                }

                isByteLevel = true;
                break;
            case "Split":
                place.RequireOnly("type", "pattern", "behavior", "invert");
                steps.Add(new SplitStep(ReadPattern(place.Require("pattern")), ReadBehavior(place.Require("behavior")), place.FlagOr("invert", false)));
                break;
            case "Metaspace":
                place.RequireOnly("type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
                steps.Add(new MetaspaceStep(ReadReplacement(place), ReadScheme(place), place.FlagOr("split", true)));
                break;
            case "Digits":
                place.RequireOnly("type", "individual_digits");
                steps.Add(new SplitStep(
                    new SplitPattern(place.FlagOr("individual_digits", false) ? @"\p{N}" : @"\p{N}+"), SplitBehavior.Isolated, invert: false));
                break;
            default:
                throw type.Fault("is not supported: ByteLevel, Split, Metaspace, Digits and Sequence are; use a model with another tokenizer");
        }
    }

    /// <summary>Reads the one character that stands for a space.</summary>
    public static string ReadReplacement(JsonPlace place) => place.Find("replacement") is not { } replacement
        ? "\u2581"
        : replacement.Text() is { Length: 1 } text ? text : throw replacement.Fault("is not supported: one character up to U+FFFF is");

    private static SplitPattern ReadPattern(JsonPlace place)
    {
        place.RequireOnly("Regex", "String");
        if (place.Find("Regex") is not { } regex)
        {
            return SplitPattern.OfText(NormalizerJson.TextPattern(place));
        }

        try
        {
            return new SplitPattern(regex.Text());
        }
        catch (ArgumentException error)
        {
            throw regex.Fault($"is not supported: {error.Message.TrimEnd('.')}");
        }
    }

    private static SplitBehavior ReadBehavior(JsonPlace place) => place.Text() switch
    {
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        _ => throw place.Fault("is not supported: Isolated, Removed, MergedWithPrevious, MergedWithNext and Contiguous are"),
    };
}
