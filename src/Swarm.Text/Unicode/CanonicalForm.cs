using System.Text;

namespace Swarm.Text.Unicode;

/// <summary>Unicode's canonical normalization forms, NFC and NFD (Unicode Standard Annex 15), without the platform's globalization.</summary>
internal static class CanonicalForm
{
    /// <summary>Normalizes a text.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="compose">NFC if set, else NFD.</param>
    /// <param name="append">Takes each normalized part and the index in <paramref name="text"/> of its first character.</param>
    public static void Normalize(string text, bool compose, Action<ReadOnlySpan<char>, int> append)
    {
        var codes = new List<int>();
        Span<char> units = stackalloc char[2];
        for (var start = 0; start < text.Length;)
        {
            var end = start + Next(text, start, out var code);
            while (end < text.Length && Next(text, end, out var next) is var length && !CanonicalMappings.BeginsPart(next))
            {
                end += length;
            }

            codes.Clear();
            for (var index = start; index < end;)
            {
                index += Next(text, index, out code);
                CanonicalMappings.Decompose(code, codes);
            }

            Order(codes);
            if (compose)
            {
                Compose(codes);
            }

            foreach (var normalized in codes)
            {
                append(units[..new Rune(normalized).EncodeToUtf16(units)], start);
            }

            start = end;
        }
    }

    /// <summary>Whether normalizing can change a text; characters below U+0300 are in both forms' NFC.</summary>
    public static bool MayChange(string text, bool compose) =>
        text.AsSpan().IndexOfAnyExceptInRange('\0', compose ? '\u02FF' : '\u007F') >= 0;

    /// <summary>The canonical order: marks by class, each class in the order that it had.</summary>
    private static void Order(List<int> codes)
    {
        for (var index = 0; index < codes.Count;)
        {
            var end = index;
            while (end < codes.Count && CanonicalMappings.CombiningClass(codes[end]) != 0)
            {
                end++;
            }

            if (end - index > 1)
            {
                var ordered = codes.GetRange(index, end - index).OrderBy(CanonicalMappings.CombiningClass).ToArray(); // Stable.
                for (var offset = 0; offset < ordered.Length; offset++)
                {
                    codes[index + offset] = ordered[offset];
                }
            }

            index = end + 1;
        }
    }

    private static void Compose(List<int> codes)
    {
        var starter = -1;
        var lastClass = 0; // Of what was kept behind the starter; 0 for nothing.
        var kept = 0;
        for (var index = 0; index < codes.Count; index++)
        {
            var code = codes[index];
            var combiningClass = CanonicalMappings.CombiningClass(code);
            var composed = starter >= 0 && (kept == starter + 1 || lastClass < combiningClass) ? CanonicalMappings.Compose(codes[starter], code) : -1;
            if (composed >= 0)
            {
                codes[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = kept;
            }

            lastClass = combiningClass;
            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static int Next(string text, int index, out int code)
    {
        code = char.IsHighSurrogate(text[index]) && index + 1 < text.Length ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];
        return code > char.MaxValue ? 2 : 1;
    }
}
