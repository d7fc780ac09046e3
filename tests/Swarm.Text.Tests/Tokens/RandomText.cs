using System.Text;

namespace Swarm.Text.Tests.Tokens;

/// <summary>Random text of all kinds: words that the vocabularies know, and any other code points.</summary>
internal static class RandomText
{
    private static readonly string[] _words = TrainedVocabulary.Text.Split(' ');

    private static readonly string[] _odd =
    [
        "e\u0301", "n\u0303o", "\u1E9B\u0323", "각", "\u1112\u1161\u11AB", "👩‍👩‍👧", "🇩🇪", "🙂", "\U00020000\U0002A6D6", "𝒳𝟘𝓪", "𐐀𐐨", "𝐀Ȣ", "ƻ𠀀", "🄰", "\u0000\u0001\u001F\u007F", "\uFEFF",
        "\u200B\u200D", "\u00A0", "\u3000", "  ", "\t\t", "\r\n", "\n\n\n", " \n ", "\u2028", "'s", "'S", "'ſ", "I'LL", "1234", "½Ⅷ²", "<|im_end|>", "<think>", "</s>",
        "<0x0A>", "ﬁ", "ß", "İ", "\u0E2A\u0E27\u0E31\u0E2A", "नमस्ते", "שלום", "مرحبا", "\uFFFD", "\uE000", "\uFFFF", "\U0010FFFF", "...", "!?", "$%^",
    ];

    /// <summary>A text of some parts, well-formed.</summary>
    /// <param name="random">Random numbers.</param>
    /// <param name="parts">Number of parts.</param>
    public static string Next(Random random, int parts)
    {
        var text = new StringBuilder();
        for (var index = 0; index < parts; index++)
        {
            switch (random.Next(5))
            {
                case 0:
                    text.Append(' ').Append(_words[random.Next(_words.Length)]);
                    break;
                case 1:
                    text.Append(_words[random.Next(_words.Length)]);
                    break;
                case 2:
                    text.Append(_odd[random.Next(_odd.Length)]);
                    break;
                case 3:
                    text.Append(' ', random.Next(1, 6));
                    break;
                default:
                    var code = random.Next(2) == 0 ? random.Next(0x250) : random.Next(0x110000);
                    text.Append(Rune.IsValid(code) ? new Rune(code).ToString() : "x");
                    break;
            }
        }

        return text.ToString();
    }
}
