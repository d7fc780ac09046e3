namespace Swarm.Client.Sessions;

/// <summary>Makes text of tokens, ends it before a stop string, and holds back what may be the beginning of one. Not thread-safe.</summary>
/// <remarks>
/// The stop string that is complete first counts, of those the longest, so that the text does not depend on how it is cut into tokens. Text is held
/// back as long as its end is the beginning of a stop string.
/// </remarks>
/// <param name="tokenizer">Decodes; <see langword="null"/> for no text at all.</param>
/// <param name="stops">Stop strings, none of them empty.</param>
internal sealed class StopText(ITextTokenizer? tokenizer, IReadOnlyCollection<string> stops)
{
    private readonly string[] _stops = [.. stops];
    private readonly ITokenDecoder? _decoder = tokenizer?.CreateDecoder();
    private string _held = "";

    /// <summary>Takes a token.</summary>
    /// <param name="token">A token that the model chose.</param>
    /// <returns>Text that is certain now, and whether a stop string ended it.</returns>
    /// <exception cref="InvalidOperationException">The tokenizer has no such token.</exception>
    public (string Text, bool IsStopped) Append(int token)
    {
        if (_decoder is null)
        {
            return ("", false);
        }

        if (token >= tokenizer!.VocabularySize)
        {
            throw new InvalidOperationException(
                $"The model chose token {token}, and the tokenizer '{tokenizer.Identity}' has {tokenizer.VocabularySize}: it is of another model, or the "
                + "model's vocabulary is padded. The token is part of the context; rewind it.");
        }

        var text = _decoder.Append(token);
        return _stops.Length == 0 ? (text, false) : Scan(text, isEnd: false);
    }

    /// <summary>Ends the text.</summary>
    /// <returns>All that was held back, and whether a stop string ended it.</returns>
    public (string Text, bool IsStopped) End() => _decoder is null ? ("", false) : Scan(_decoder.Flush(), isEnd: true);

    private (string Text, bool IsStopped) Scan(string text, bool isEnd)
    {
        var seen = _held.Length == 0 ? text : _held + text;
        _held = "";
        var (start, end) = (-1, int.MaxValue);
        foreach (var stop in _stops)
        {
            var found = seen.IndexOf(stop, StringComparison.Ordinal);
            if (found >= 0 && (found + stop.Length < end || (found + stop.Length == end && found < start)))
            {
                (start, end) = (found, found + stop.Length);
            }
        }

        if (start >= 0)
        {
            return (seen[..start], true);
        }

        var held = isEnd ? 0 : HeldLength(seen);
        _held = seen[^held..];
        return (held == 0 ? seen : seen[..^held], false);
    }

    /// <summary>Length of the longest end of a text that a stop string begins with.</summary>
    private int HeldLength(string text)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
