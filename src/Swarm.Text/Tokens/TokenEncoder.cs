using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>Makes tokens of text: added tokens, normalizers, pre-tokenizers, model. Thread-safe.</summary>
internal sealed class TokenEncoder
{
    private readonly TokenizerRules _rules;
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;

    /// <summary>Makes an encoder.</summary>
    public TokenEncoder(TokenizerRules rules)
    {
        _rules = rules;
        _raw = new AddedTokenMatcher(rules.Added.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        _normalized = new AddedTokenMatcher(
            rules.Added.Where(token => token.IsNormalized).Select(token => (Normalize(new SourcedText(token.Content, 0)).Value, token)));
    }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">The text; a surrogate without its other half is taken for U+FFFD.</param>
    /// <param name="trust">Where special tokens are found.</param>
    /// <param name="isBegin">Whether it is where a text begins, for tokenizers that put a space there.</param>
    /// <returns>Token ids.</returns>
    public int[] Encode(string text, TextTrust trust, bool isBegin)
    {
        var output = new List<int>((text.Length / 3) + 8);
        var work = new BpeModel.Work();
        var alphabet = new StringBuilder();
        _raw.Split(
            new SourcedText(WellFormed(text), 0),
            trust,
            raw => _normalized.Split(Normalize(raw), trust, part => EncodePart(part, isBegin && part.OriginOf(0) == 0, work, alphabet, output), output.Add),
            output.Add);
        return [.. output];
    }

    private SourcedText Normalize(SourcedText text) => _rules.Normalizers.Aggregate(text, (current, normalizer) => normalizer.Apply(current));

    private void EncodePart(SourcedText part, bool isFirst, BpeModel.Work work, StringBuilder alphabet, List<int> output)
    {
        List<TextPiece> pieces = [new(part.Value, 0, part.Value.Length, isFirst)];
        foreach (var step in _rules.Steps)
        {
            var cut = new List<TextPiece>(pieces.Count);
            foreach (var piece in pieces)
            {
                step.Apply(piece, cut);
            }

            pieces = cut;
        }

        foreach (var piece in pieces)
        {
            if (_rules.IsByteLevel)
            {
                alphabet.Clear();
                ByteAlphabet.Write(piece.Span, alphabet);
                _rules.Model.Encode(alphabet.ToString(), work, output);
            }
            else
            {
                _rules.Model.Encode(piece.Span, work, output);
            }
        }
    }

    private static string WellFormed(string text)
    {
        for (var index = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); index >= 0 && index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
            {
                continue;
            }

            if (index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]))
            {
                index++;
                continue;
            }

            var repaired = text.ToCharArray();
            for (var at = index; at < repaired.Length; at++)
            {
                if (char.IsHighSurrogate(repaired[at]) && at + 1 < repaired.Length && char.IsLowSurrogate(repaired[at + 1]))
                {
                    at++;
                }
                else if (char.IsSurrogate(repaired[at]))
                {
                    repaired[at] = '\uFFFD';
                }
            }

            return new string(repaired);
        }

        return text;
    }
}
