using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>Reads <c>normalizer</c> of tokenizer.json.</summary>
internal static class NormalizerJson
{
    private const string Supported = "NFC, NFD, Prepend, Replace, Strip and Sequence are; use a model with another tokenizer, or its GGUF file";

    /// <summary>Reads a normalizer, with those that are in it.</summary>
    public static List<TextNormalizer> Read(JsonPlace? place)
    {
        var normalizers = new List<TextNormalizer>();
        if (place is { } found)
        {
            Read(found, normalizers);
        }

        return normalizers;
    }

    private static void Read(JsonPlace place, List<TextNormalizer> output)
    {
        var type = place.Require("type");
        switch (type.Text())
        {
            case "Sequence":
                place.RequireOnly("type", "normalizers");
                foreach (var item in place.Require("normalizers").Items())
                {
                    Read(item, output);
                }

                break;
            case "NFC" or "NFD":
                place.RequireOnly("type");
                output.Add(new CanonicalNormalizer(compose: type.Text() == "NFC"));
                break;
            case "Prepend":
                place.RequireOnly("type", "prepend");
                output.Add(new PrependNormalizer(place.Require("prepend").Text()));
                break;
            case "Replace":
                place.RequireOnly("type", "pattern", "content");
                output.Add(new ReplaceNormalizer(TextPattern(place.Require("pattern")), place.Require("content").Text()));
                break;
            case "Strip":
                place.RequireOnly("type", "strip_left", "strip_right");
                output.Add(new StripNormalizer(place.FlagOr("strip_left", true), place.FlagOr("strip_right", true)));
                break;
            default:
                throw type.Fault($"is not supported: {Supported}");
        }
    }

    /// <summary>Reads <c>{"String": "…"}</c>.</summary>
    public static string TextPattern(JsonPlace place)
    {
        place.RequireOnly("String");
        var text = place.Require("String").Text();
        return text.Length > 0 ? text : throw place.Fault("has an empty text; at least one character is supported");
    }
}
