namespace Swarm.Text.Loading;

/// <summary>Reads <c>post_processor</c> of tokenizer.json: the tokens that begin a text.</summary>
internal static class PostProcessorJson
{
    /// <summary>Reads the tokens that are put before a text. Those that are put behind one are not used: a context goes on.</summary>
    /// <param name="place">Where it is; <see langword="null"/> for none.</param>
    /// <param name="vocabularySize">Ids are below it.</param>
    public static List<int> ReadBeginTokens(JsonPlace? place, int vocabularySize)
    {
        var tokens = new List<int>();
        if (place is { } found)
        {
            Read(found, tokens, vocabularySize);
        }

        return tokens;
    }

    private static void Read(JsonPlace place, List<int> tokens, int vocabularySize)
    {
        var type = place.Require("type");
        switch (type.Text())
        {
            case "Sequence":
                place.RequireOnly("type", "processors");
                foreach (var item in place.Require("processors").Items())
                {
                    Read(item, tokens, vocabularySize);
                }

                break;
            case "ByteLevel":
                break; // Of offsets alone.
            case "TemplateProcessing":
                place.RequireOnly("type", "single", "pair", "special_tokens");
                tokens.AddRange(ReadTemplate(place, vocabularySize));
                break;
            default:
                throw type.Fault("is not supported: TemplateProcessing, ByteLevel and Sequence are; use a model with another tokenizer");
        }
    }

    private static IEnumerable<int> ReadTemplate(JsonPlace place, int vocabularySize)
    {
        foreach (var item in place.Require("single").Items())
        {
            item.RequireOnly("SpecialToken", "Sequence");
            if (item.Find("SpecialToken") is not { } token)
            {
                yield break;
            }

            var name = token.Require("id");
            var special = place.Require("special_tokens").Require(name.Text());
            foreach (var id in special.Require("ids").Items())
            {
                yield return id.Integer(0, vocabularySize - 1);
            }
        }
    }
}
