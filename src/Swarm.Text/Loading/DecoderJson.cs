using System.Globalization;
using System.Text;
using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>Reads <c>decoder</c> of tokenizer.json: what bytes each token stands for.</summary>
internal sealed class DecoderJson
{
    private readonly List<(string Pattern, string Replacement)> _replacements = [];
    private bool _hasByteTokens;
    private bool _isFused;

    private DecoderJson()
    {
    }

    /// <summary>Whether tokens are bytes in <see cref="ByteAlphabet"/>.</summary>
    public bool IsByteLevel { get; private set; }

    /// <summary>How many spaces are taken away where a text begins.</summary>
    public int StripsSpaces { get; private set; }

    /// <summary>Reads a decoder, with those that are in it.</summary>
    public static DecoderJson Read(JsonPlace place)
    {
        var decoder = new DecoderJson();
        decoder.Add(place);
        return decoder;
    }

    /// <summary>What a token decodes to.</summary>
    /// <param name="text">Its text in the vocabulary.</param>
    /// <param name="isAdded">Whether it is an added token, whose text is no bytes.</param>
    /// <returns>Bytes of UTF-8.</returns>
    public byte[] BytesOf(string text, bool isAdded)
    {
        if (IsByteLevel)
        {
            return (isAdded ? null : ByteAlphabet.TryRead(text)) ?? Encoding.UTF8.GetBytes(text);
        }

        if (_hasByteTokens && ByteToken.TryRead(text, out var value))
        {
            return [value];
        }

        return Encoding.UTF8.GetBytes(_replacements.Aggregate(
            text, (current, step) => current.Replace(step.Pattern, step.Replacement, StringComparison.Ordinal)));
    }

    private void Add(JsonPlace place)
    {
        var type = place.Require("type");
        switch (type.Text())
        {
            case "Sequence":
                place.RequireOnly("type", "decoders");
                foreach (var item in place.Require("decoders").Items())
                {
                    Add(item);
                }

                break;
            case "ByteLevel":
                place.RequireOnly("type", "add_prefix_space", "trim_offsets", "use_regex"); // Of no concern to a decoder.
                IsByteLevel = true;
                break;
            case "Replace":
                place.RequireOnly("type", "pattern", "content");
                _replacements.Add((NormalizerJson.TextPattern(place.Require("pattern")), place.Require("content").Text()));
                break;
            case "ByteFallback":
                place.RequireOnly("type");
                _hasByteTokens = true;
                break;
            case "Fuse":
                place.RequireOnly("type");
                _isFused = true;
                break;
            case "Metaspace":
                place.RequireOnly("type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
                _replacements.Add((PreTokenizerJson.ReadReplacement(place), " "));
                StripsSpaces += PreTokenizerJson.ReadScheme(place) == PrependScheme.Never ? 0 : 1;
                break;
            case "Strip":
                ReadStrip(place);
                break;
            default:
                throw type.Fault("is not supported: ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace and Sequence are; use a model with another tokenizer");
        }
    }

    private void ReadStrip(JsonPlace place)
    {
        place.RequireOnly("type", "content", "start", "stop");
        if (place.Require("content") is var content && content.Text() != " ")
        {
            throw content.Fault("is not supported: a space is");
        }

        if (!_isFused)
        {
            throw place.Fault("is supported behind Fuse, where it is about the whole text");
        }

        _ = place.Require("stop").Integer(0, 0); // What a text ends with cannot be known while it streams.
        StripsSpaces += place.Require("start").Integer(0, 1024);
    }
}

/// <summary>Tokens that stand for one byte: <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
internal static class ByteToken
{
    /// <summary>The text of a byte's token.</summary>
    public static string Of(int value) => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");

    /// <summary>Reads a byte's token.</summary>
    public static bool TryRead(string text, out byte value)
    {
        value = 0;
        return text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
            && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
