using System.Security.Cryptography;
using System.Text;
using Swarm.Text.Unicode;
using Xunit;

namespace Swarm.Text.Tests.Tokens;

/// <summary>NFC and NFD, held to Python's unicodedata, of the same version of Unicode.</summary>
public sealed class CanonicalFormTests
{
    private static readonly (int First, int Last)[] _ranges =
    [
        (0x41, 0x17F), (0x300, 0x36F), (0x591, 0x5C7), (0x622, 0x655), (0x915, 0x9DF), (0xB47, 0xBCC), (0xF40, 0xFBC), (0x1100, 0x11FF), (0x1E00, 0x1FFF),
        (0x2100, 0x2130), (0x304B, 0x309A), (0xAC00, 0xAC40), (0xF900, 0xF920), (0xFB1D, 0xFB4E), (0x11099, 0x110BA), (0x1D157, 0x1D1AD),
    ];

    [Theory]
    [InlineData("e\u0301", "é", "e\u0301")]
    [InlineData("\u212B", "Å", "A\u030A")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323", "\u017F\u0323\u0307")]
    [InlineData("\u1112\u1161\u11AB", "한", "\u1112\u1161\u11AB")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C")]
    public void Normalize_KnownTexts_GivesWhatTheStandardSays(string text, string composed, string decomposed)
    {
        Assert.Equal(composed, Normalize(text, compose: true));
        Assert.Equal(decomposed, Normalize(text, compose: false));
    }

    /// <summary>Every code point, then 20,000 sequences of six of those that compose or combine; the digests are Python 3.11's (Unicode 14).</summary>
    [Theory]
    [InlineData(true, "c8321c9ae4cb7a5434897be08a286d1d53c2953645d4be82323edf2b3ddc8133")]
    [InlineData(false, "e98e9aa3b85bc8f80bc0b7772c1158fe07cea306ce5e1050022766ec1c9e26c2")]
    public void Normalize_AllCodePointsAndManySequences_GivesWhatPythonGives(bool compose, string expected)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var code = 0; code < 0x110000; code++)
        {
            if (Rune.IsValid(code))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(Normalize(new Rune(code).ToString(), compose)));
            }
        }

        var codes = _ranges.SelectMany(range => Enumerable.Range(range.First, range.Last - range.First + 1)).ToArray();
        var state = 1L;
        for (var sequence = 0; sequence < 20_000; sequence++)
        {
            var text = new StringBuilder();
            for (var index = 0; index < 6; index++)
            {
                state = ((state * 1_103_515_245) + 12_345) % (1L << 31);
                text.Append(new Rune(codes[(state >> 8) % codes.Length]));
            }

            hash.AppendData(Encoding.UTF8.GetBytes(Normalize(text.ToString(), compose)));
        }

        Assert.Equal(expected, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    private static string Normalize(string text, bool compose)
    {
        var normalized = new StringBuilder();
        CanonicalForm.Normalize(text, compose, (part, _) => normalized.Append(part));
        return normalized.ToString();
    }
}
