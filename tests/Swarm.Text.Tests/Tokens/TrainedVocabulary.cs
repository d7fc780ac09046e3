namespace Swarm.Text.Tests.Tokens;

/// <summary>Merges of a small byte-pair encoding, trained on a fixed text: the same in every run.</summary>
internal sealed class TrainedVocabulary
{
    /// <summary>What the vocabularies of these tests know: words of several scripts, code, numbers and white space.</summary>
    public const string Text = """
        The quick brown fox jumps over the lazy dog. The dog didn't mind; it's used to foxes, and they're used to it.
        An agent's memory is its KV cache, and it dies with the process. Tokens come and go: 1234567890 of them, 42 at once.
        for (int index = 0; index < count; index++) { total += values[index] * 2; }    // four spaces, then a comment
        Übung macht den Meister. Größe, Straße, naïve café déjà vu. El niño comió piñas. Å ångström.
        Быстрая коричневая лиса перепрыгивает через ленивую собаку. Привет, мир! Привет ещё раз.
        敏捷的棕色狐狸跳过懒狗。你好，世界！你好吗？世界很大。 日本語のテキストもあります。ありがとうございます。 안녕하세요 세계
        Emoji 🙂🙂 🎉 👩‍👩‍👧 and flags 🇩🇪. Tabs	and	more	tabs.

        New paragraphs, with the same words: the the the quick quick dog dog agent agent memory memory cache cache.
        """;

    private TrainedVocabulary(List<string> symbols, List<(string Left, string Right)> merges) => (Symbols, Merges) = (symbols, merges);

    /// <summary>The symbols that training began with, in ordinal order.</summary>
    public IReadOnlyList<string> Symbols { get; }

    /// <summary>The merges, by rank.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>Trains merges.</summary>
    /// <param name="words">Words; each is cut into its code points.</param>
    /// <param name="count">Number of merges.</param>
    public static TrainedVocabulary Train(IEnumerable<string> words, int count)
    {
        var counted = words.GroupBy(word => word, StringComparer.Ordinal)
            .Select(group => (Parts: group.Key.EnumerateRunes().Select(rune => rune.ToString()).ToList(), Count: group.Count()))
            .ToArray();
        var symbols = counted.SelectMany(word => word.Parts).Distinct().Order(StringComparer.Ordinal).ToList();
        var merges = new List<(string, string)>();
        while (merges.Count < count)
        {
            var pairs = new Dictionary<(string Left, string Right), int>();
            foreach (var (parts, times) in counted)
            {
                for (var index = 0; index + 1 < parts.Count; index++)
                {
                    pairs[(parts[index], parts[index + 1])] = pairs.GetValueOrDefault((parts[index], parts[index + 1])) + times;
                }
            }

            if (pairs.Count == 0)
            {
                break;
            }

            var best = pairs.OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key.Left, StringComparer.Ordinal)
                .ThenBy(pair => pair.Key.Right, StringComparer.Ordinal)
                .First().Key;
            merges.Add(best);
            foreach (var (parts, _) in counted)
            {
                for (var index = 0; index + 1 < parts.Count; index++)
                {
                    if ((parts[index], parts[index + 1]) == best)
                    {
                        parts[index] += parts[index + 1];
                        parts.RemoveAt(index + 1);
                    }
                }
            }
        }

        return new TrainedVocabulary(symbols, merges);
    }
}
