using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>
/// The 256 visible characters that stand for bytes in vocabularies of byte-level encodings (Radford et al. 2019, "Language models are unsupervised
/// multitask learners"): printable Latin-1 characters are themselves, the others follow U+00FF.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] _ofByte = new char[256];
    private static readonly Dictionary<char, byte> _toByte = [];

    static ByteAlphabet()
    {
        var next = '\u0100';
        for (var value = 0; value < 256; value++)
        {
            _ofByte[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++;
            _toByte.Add(_ofByte[value], (byte)value);
        }
    }

    /// <summary>The character of a byte.</summary>
    public static char Of(byte value) => _ofByte[value];

    /// <summary>Writes a text's UTF-8 in the alphabet.</summary>
    public static void Write(ReadOnlySpan<char> text, StringBuilder output)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                output.Append(_ofByte[value]);
            }
        }
    }

    /// <summary>The bytes of a text in the alphabet.</summary>
    /// <returns><see langword="null"/> where it has other characters.</returns>
    public static byte[]? TryRead(string text)
    {
        var bytes = new byte[text.Length];
        for (var index = 0; index < text.Length; index++)
        {
            if (!_toByte.TryGetValue(text[index], out bytes[index]))
            {
                return null;
            }
        }

        return bytes;
    }
}
