using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Swarm.Text.Tokens;

/// <summary>
/// A tokenizer's regular expression, with the meaning that it has in Hugging Face's tokenizers (Oniguruma): its characters are code points, not UTF-16
/// units. What .NET reads otherwise than Oniguruma is refused.
/// </summary>
internal sealed class SplitPattern
{
    private const int MaxLength = 16_384;
    private const string SupportedEscapes = "sSdDrntfvpP";

    // One of each category, in the order of UnicodeCategory.
    private const string Usual =
        "\u0222\u0223\u01C5\u02B0\u01BB\u0483\u0903\u0488\u0C66\u16EE\u00B2\u2003\u2028\u2029\u0001\u00AD\uD800\uE000\u203F\u2010\u2045\u2046\u201C\u201D\u2020\u2044\u20A0\u02C2\u2100\u0378";

    /// <summary>How long one match may take, before the pattern counts as hostile.</summary>
    private static readonly TimeSpan _mostTime = TimeSpan.FromSeconds(2);

    private readonly Regex _regex;
    private readonly char[] _representatives;

    /// <summary>Makes the pattern.</summary>
    /// <param name="pattern">The regular expression.</param>
    /// <exception cref="ArgumentException">It is malformed or has what is not supported; the message says what.</exception>
    public SplitPattern(string pattern)
    {
        Canonical = pattern;
        var named = new HashSet<char>();
        _regex = new Regex(Translate(pattern, named), RegexOptions.CultureInvariant | RegexOptions.Compiled, _mostTime);
        _representatives = [.. Usual.Select((usual, category) => named.Contains(usual) ? Other((UnicodeCategory)category, named) : usual)];
    }

    /// <summary>The pattern, for the tokenizer's identity.</summary>
    public string Canonical { get; }

    /// <summary>A pattern that finds a text.</summary>
    public static SplitPattern OfText(string text) => new(Regex.Escape(text));

    /// <summary>Finds all matches.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="matches">Receives start and length of each, in UTF-16 units; a match may be empty.</param>
    /// <exception cref="TextFormatException">One match takes too long.</exception>
    public void Match(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        matches.Clear();
        try
        {
            if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            {
                foreach (var match in _regex.EnumerateMatches(text))
                {
                    matches.Add((match.Index, match.Length));
                }
            }
            else
            {
                MatchCodePoints(text, matches);
            }
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new TextFormatException(
                $"The pattern '{Canonical}' takes more than {_mostTime.TotalSeconds} s for one match in a text of {text.Length} characters. It backtracks too much: use a model with another tokenizer.",
                error);
        }
    }

    /// <summary>One UTF-16 unit for each code point: beyond U+FFFF one of the same category, which is all that a pattern can ask for.</summary>
    private void MatchCodePoints(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        var units = new StringBuilder(text.Length);
        var starts = new List<int>(text.Length + 1);
        var position = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            starts.Add(position);
            position += rune.Utf16SequenceLength;
            units.Append(rune.IsBmp ? (char)rune.Value : _representatives[(int)Rune.GetUnicodeCategory(rune)]);
        }

        starts.Add(position);
        foreach (var match in _regex.EnumerateMatches(units.ToString()))
        {
            matches.Add((starts[match.Index], starts[match.Index + match.Length] - starts[match.Index]));
        }
    }

    /// <summary>A character of a category that a pattern does not name.</summary>
    private static char Other(UnicodeCategory category, HashSet<char> named)
    {
        for (var unit = '\0'; unit < char.MaxValue; unit++)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(unit) == category && !named.Contains(unit))
            {
                return unit;
            }
        }

        throw new ArgumentException($"it names all characters of the category {category}, which is not supported");
    }

    /// <summary>Adds the characters that a pattern names: a range where one ends at a character, in both cases.</summary>
    private static void Name(string pattern, int index, HashSet<char> named)
    {
        var isRange = index >= 2 && pattern[index - 1] == '-' && pattern[index - 2] != '\\' && pattern[index - 2] <= pattern[index];
        for (int unit = isRange ? pattern[index - 2] : pattern[index]; unit <= pattern[index]; unit++)
        {
            named.UnionWith([(char)unit, char.ToUpperInvariant((char)unit), char.ToLowerInvariant((char)unit)]);
        }
    }

    private static string Translate(string pattern, HashSet<char> named)
    {
        if (pattern.Length > MaxLength)
        {
            throw new ArgumentException($"it has {pattern.Length} characters; up to {MaxLength} are supported");
        }

        var translated = new StringBuilder(pattern.Length);
        var groups = new Stack<bool>(); // Whether each open group ignores case.
        var ignoresCase = false;
        var inClass = false;
        for (var index = 0; index < pattern.Length; index++)
        {
            var unit = pattern[index];
            if (char.IsSurrogate(unit))
            {
                throw new ArgumentException("it names a character above U+FFFF; patterns with categories such as \\p{L} and characters up to U+FFFF are supported");
            }

            if (unit == '\\')
            {
                var escape = index + 1 < pattern.Length ? pattern[++index] : throw new ArgumentException("it ends with a backslash");
                RequireEscape(escape);
                translated.Append('\\').Append(escape);
            }
            else if (inClass)
            {
                RequireInClass(pattern, index);
                Name(pattern, index, named);
                inClass = unit != ']';
                translated.Append(unit);
            }
            else if (unit is '^' or '$')
            {
                throw new ArgumentException($"it has the anchor '{unit}', which is read in two ways; look-around such as (?!\\S) is supported");
            }
            else if (pattern.AsSpan(index).StartsWith("{,", StringComparison.Ordinal))
            {
                throw new ArgumentException("it has the quantifier '{,', which is read in two ways; write {0,…}");
            }
            else
            {
                if (unit == '(')
                {
                    groups.Push(ignoresCase);
                    ignoresCase = IgnoresCase(pattern.AsSpan(index), ignoresCase);
                }
                else if (unit == ')' && !groups.TryPop(out ignoresCase))
                {
                    throw new ArgumentException("it closes a group that it does not open");
                }

                inClass = unit == '[';
                Name(pattern, index, named);
                // Unicode's case folding takes U+017F for an s, and .NET does not.
                translated.Append(ignoresCase && (unit is 's' or 'S') ? "[sS\u017F]" : unit.ToString());
                if (inClass && index + 1 < pattern.Length && pattern[index + 1] == '^')
                {
                    translated.Append(pattern[++index]);
                }
            }
        }

        return translated.ToString();
    }

    private static bool IgnoresCase(ReadOnlySpan<char> group, bool outside)
    {
        if (group.StartsWith("(?i:", StringComparison.Ordinal))
        {
            return true;
        }

        var isKnown = !group.StartsWith("(?", StringComparison.Ordinal)
            || (group.Length > 2 && group[2] is ':' or '=' or '!' or '>')
            || group.StartsWith("(?<=", StringComparison.Ordinal)
            || group.StartsWith("(?<!", StringComparison.Ordinal);
        return isKnown ? outside : throw new ArgumentException(
            $"it has the group '{group[..Math.Min(group.Length, 4)]}'; (…), (?:…), (?i:…), (?>…) and look-around are supported");
    }

    private static void RequireEscape(char escape)
    {
        if (char.IsAsciiLetterOrDigit(escape) && !SupportedEscapes.Contains(escape, StringComparison.Ordinal))
        {
            throw new ArgumentException($"it has the escape '\\{escape}'; \\s \\S \\d \\D \\r \\n \\t \\f \\v \\p{{…}} \\P{{…}} and escaped punctuation are supported");
        }
    }

    private static void RequireInClass(string pattern, int index)
    {
        if (pattern[index] == '[' || pattern.AsSpan(index).StartsWith("&&", StringComparison.Ordinal))
        {
            throw new ArgumentException($"it has '{(pattern[index] == '[' ? "[" : "&&")}' within a class of characters; escape it, or write the class in one");
        }
    }
}
