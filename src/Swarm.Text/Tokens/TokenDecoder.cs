using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>Decodes tokens one by one. Not thread-safe.</summary>
/// <param name="tokens">The vocabulary.</param>
/// <param name="stripsSpaces">How many spaces are taken away where the text begins.</param>
internal sealed class TokenDecoder(VocabularyToken?[] tokens, int stripsSpaces) : ITokenDecoder
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private int _stripped; // Spaces, of those that are to go; all of them once something else came.

    /// <inheritdoc/>
    public string Append(int token)
    {
        if ((uint)token >= (uint)tokens.Length || tokens[token] is not { } found)
        {
            throw new ArgumentOutOfRangeException(nameof(token), token, $"There is no token {token}; the vocabulary has ids 0 to {tokens.Length - 1}.");
        }

        var bytes = found.Bytes.AsSpan();
        while (_stripped < stripsSpaces && bytes.Length > 0)
        {
            if (bytes[0] != ' ')
            {
                _stripped = stripsSpaces;
                break;
            }

            _stripped++;
            bytes = bytes[1..];
        }

        return Decode(bytes, flush: false);
    }

    /// <inheritdoc/>
    public string Flush()
    {
        _stripped = 0;
        return Decode([], flush: true);
    }

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var count = _utf8.GetCharCount(bytes, flush);
        if (count == 0)
        {
            // Still to be fed: the bytes may be a part of a character.
            _utf8.GetChars(bytes, [], flush);
            return "";
        }

        return string.Create(count, (Decoder: _utf8, Bytes: bytes.ToArray(), Flush: flush), (destination, state) =>
            state.Decoder.GetChars(state.Bytes, destination, state.Flush));
    }
}
