using System.Buffers;

namespace DroneHandoff.Telemetry;

/// <summary>Finds the fields in a line of telemetry, in each of the notations that the drones use.</summary>
/// <remarks>
/// <para>The notations, which may follow each other in one line:</para>
/// <list type="bullet">
/// <item><c>[latitude : 31.45]</c>, <c>[rel_alt: 1.1 abs_alt: 77.3]</c></item>
/// <item><c>GPS(149.02,-20.25,16)</c>, <c>GPS (8.2, 47.4, 18)</c>, <c>BAROMETER(91.2)</c></item>
/// <item><c>BAROMETER:1.9</c>, <c>EV: 0</c>, <c>EV:</c> (no value)</item>
/// <item><c>H 85.80m</c>, <c>H.S n/a</c>, <c>H,</c> (no value)</item>
/// <item><c>&lt;font size="36"&gt;</c></item>
/// </list>
/// <para>Anything else is text that no field starts with, and is passed over.</para>
/// </remarks>
internal static class SrtLineScanner
{
    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t,:(<[");
    private static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t,<[(");

    /// <summary>Visits every field of a line, from left to right.</summary>
    /// <param name="line">The line.</param>
    /// <param name="visitor">Receives the fields.</param>
    public static void Scan(ReadOnlySpan<char> line, ISrtFieldVisitor visitor)
    {
        var rest = line;
        while (true)
        {
            rest = rest.TrimStart(" \t,");
            if (rest.IsEmpty)
            {
                return;
            }

            if (rest[0] is '[' or '<')
            {
                var closing = rest[0] == '[' ? ']' : '>';
                var end = rest.IndexOf(closing);
                if (end < 0)
                {
                    visitor.OnUnclosed(closing, rest);
                    return;
                }

                if (closing == ']')
                {
                    ScanBracket(rest[1..end], visitor);
                }
                else
                {
                    visitor.OnTag(rest[1..end]);
                }

                rest = rest[(end + 1)..];
                continue;
            }

            if (!TryScanPlain(ref rest, visitor))
            {
                return;
            }
        }
    }

    // One or more "name: value" in a bracket; a value ends at a space only where another name follows it.
    private static void ScanBracket(ReadOnlySpan<char> content, ISrtFieldVisitor visitor)
    {
        var colon = content.IndexOf(':');
        while (colon >= 0)
        {
            var name = content[..colon].Trim();
            content = content[(colon + 1)..].Trim();
            colon = content.IndexOf(':');
            if (colon < 0)
            {
                visitor.OnField(name, content);
                return;
            }

            var nextName = content[..colon].TrimEnd();
            var valueEnd = nextName.LastIndexOf(' ');
            visitor.OnField(name, valueEnd < 0 ? nextName : nextName[..valueEnd].Trim());
            content = valueEnd < 0 ? content[colon..] : content[(valueEnd + 1)..];
            colon = content.IndexOf(':');
        }
    }

    // A name, and what follows it. False when the line is at fault and was reported.
    private static bool TryScanPlain(ref ReadOnlySpan<char> rest, ISrtFieldVisitor visitor)
    {
        var start = rest;
        var nameEnd = rest.IndexOfAny(NameEnds);
        var name = nameEnd < 0 ? rest : rest[..nameEnd];
        rest = rest[name.Length..].TrimStart(" \t");
        if (rest.IsEmpty)
        {
            return true;
        }

        switch (rest[0])
        {
            case '(':
                var end = rest.IndexOf(')');
                if (end < 0)
                {
                    visitor.OnUnclosed(')', start);
                    return false;
                }

                visitor.OnTuple(name, rest[1..end]);
                rest = rest[(end + 1)..];
                return true;

            case ':':
                rest = rest[1..].TrimStart(" \t");
                var value = FirstWord(rest);
                if (value.Contains(':'))
                {
                    value = []; // The next name: this field has no value.
                }

                visitor.OnField(name, value);
                rest = rest[value.Length..];
                return true;

            case ',':
                visitor.OnField(name, []);
                return true;

            default:
                var word = FirstWord(rest);
                if (!word.IsEmpty && (char.IsAsciiDigit(word[0]) || word[0] is '-' or '+' or 'n' or 'N'))
                {
                    visitor.OnField(name, word);
                    rest = rest[word.Length..];
                }

                return true;
        }
    }

    private static ReadOnlySpan<char> FirstWord(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAny(WordEnds);
        return end < 0 ? text : text[..end];
    }
}
