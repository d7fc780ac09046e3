using System.Collections.Frozen;
using System.Globalization;

namespace Swarm.Text.Unicode;

/// <summary>Unicode's canonical decompositions, their inverse, and combining classes: <c>CanonicalMappings.txt</c> beside this file.</summary>
/// <remarks>The base class library's own normalization does nothing where globalization is invariant, which would change token ids without a word.</remarks>
internal static class CanonicalMappings
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;
    private const int LeadFirst = 0x1100;
    private const int LeadCount = 19;
    private const int VowelFirst = 0x1161;
    private const int VowelCount = 21;
    private const int TrailBase = 0x11A7; // One before the first: 0 stands for none.
    private const int TrailCount = 28;

    private static readonly FrozenDictionary<int, int> _classes;
    private static readonly FrozenDictionary<int, int[]> _decompositions;
    private static readonly FrozenDictionary<(int First, int Second), int> _compositions;
    private static readonly FrozenSet<int> _seconds;

    static CanonicalMappings()
    {
        var classes = new Dictionary<int, int>();
        var decompositions = new Dictionary<int, int[]>();
        var compositions = new Dictionary<(int, int), int>();
        using var stream = typeof(CanonicalMappings).Assembly.GetManifestResourceStream("CanonicalMappings.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (fields[0] == "c")
            {
                for (var code = Hexadecimal(fields[1]); code <= Hexadecimal(fields[2]); code++)
                {
                    classes.Add(code, int.Parse(fields[3], CultureInfo.InvariantCulture));
                }
            }
            else if (fields[0] is "d" or "x")
            {
                var code = Hexadecimal(fields[1]);
                var parts = fields.Skip(2).Select(Hexadecimal).ToArray();
                decompositions.Add(code, parts);
                if (fields[0] == "d")
                {
                    compositions.Add((parts[0], parts[1]), code);
                }
            }
        }

        _classes = classes.ToFrozenDictionary();
        _decompositions = decompositions.ToFrozenDictionary();
        _compositions = compositions.ToFrozenDictionary();
        _seconds = compositions.Keys.Select(pair => pair.Item2).ToFrozenSet();
    }

    /// <summary>Combining class of a code point; 0 for what begins a character.</summary>
    public static int CombiningClass(int code) => code < 0x300 ? 0 : _classes.GetValueOrDefault(code);

    /// <summary>Adds the full canonical decomposition of a code point: itself, where it has none.</summary>
    public static void Decompose(int code, List<int> destination)
    {
        if (code is >= HangulFirst and <= HangulLast)
        {
            var index = code - HangulFirst;
            destination.Add(LeadFirst + (index / (VowelCount * TrailCount)));
            destination.Add(VowelFirst + (index / TrailCount % VowelCount));
            if (index % TrailCount != 0)
            {
                destination.Add(TrailBase + (index % TrailCount));
            }
        }
        else if (code >= 0xC0 && _decompositions.TryGetValue(code, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(part, destination);
            }
        }
        else
        {
            destination.Add(code);
        }
    }

    /// <summary>Composes two code points.</summary>
    /// <returns>What they compose to, or -1.</returns>
    public static int Compose(int first, int second)
    {
        if (first is >= LeadFirst and < LeadFirst + LeadCount && second is >= VowelFirst and < VowelFirst + VowelCount)
        {
            return HangulFirst + ((((first - LeadFirst) * VowelCount) + second - VowelFirst) * TrailCount);
        }

        if (first is >= HangulFirst and <= HangulLast && (first - HangulFirst) % TrailCount == 0
            && second is > TrailBase and < TrailBase + TrailCount)
        {
            return first + second - TrailBase;
        }

        return _compositions.GetValueOrDefault((first, second), -1);
    }

    /// <summary>Whether nothing before a code point can combine with it, so that text may be normalized in parts that begin there.</summary>
    public static bool BeginsPart(int code) => code < 0x300 || (code is < VowelFirst or >= TrailBase + TrailCount
        && CombiningClass(code) == 0
        && !_seconds.Contains(code)
        && (!_decompositions.TryGetValue(code, out var parts) || BeginsPart(parts[0])));

    private static int Hexadecimal(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
