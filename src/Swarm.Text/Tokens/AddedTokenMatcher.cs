using System.Buffers;

namespace Swarm.Text.Tokens;

/// <summary>Finds added tokens in a text: leftmost first, and of those that begin at one place the longest that may be there.</summary>
internal sealed class AddedTokenMatcher
{
    // A trie: node 0 is the root.
    private readonly Dictionary<(int Node, char Unit), int> _children = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _first;

    /// <summary>Makes the matcher.</summary>
    /// <param name="tokens">The tokens, with the text that each is looked for as; of equal texts the first counts.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            var node = 0;
            foreach (var unit in text)
            {
                if (!_children.TryGetValue((node, unit), out var child))
                {
                    child = _ends.Count;
                    _ends.Add(null);
                    _children.Add((node, unit), child);
                }

                node = child;
            }

            if (node != 0)
            {
                _ends[node] ??= token;
            }
        }

        _first = SearchValues.Create([.. _children.Keys.Where(key => key.Node == 0).Select(key => key.Unit)]);
    }

    /// <summary>Splits a text at its added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="trust">Where special tokens are found.</param>
    /// <param name="onText">Takes each text between tokens; none is empty.</param>
    /// <param name="onToken">Takes each token.</param>
    public void Split(SourcedText text, TextTrust trust, Action<SourcedText> onText, Action<int> onToken)
    {
        var begin = 0;
        for (var position = 0; position < text.Value.Length;)
        {
            var offset = text.Value.AsSpan(position).IndexOfAny(_first);
            if (offset < 0)
            {
                break;
            }

            position += offset;
            if (Longest(text, position, trust) is not var (token, length))
            {
                position++;
                continue;
            }

            var (start, end) = (position, position + length);
            while (token.TakesLeft && start > begin && char.IsWhiteSpace(text.Value[start - 1]))
            {
                start--;
            }

            start = token.TakesLeft ? Math.Max(start, begin) : start;

            while (token.TakesRight && end < text.Value.Length && char.IsWhiteSpace(text.Value[end]))
            {
                end++;
            }

            if (start > begin)
            {
                onText(text.Slice(begin, start - begin));
            }

            // As in tokenizers: white space that a token has taken may be in the next one too, which is left out where it has nothing else.
            if (end > start)
            {
                onToken(token.Id);
            }

            begin = end;
            position += length;
        }

        if (begin < text.Value.Length)
        {
            onText(text.Slice(begin, text.Value.Length - begin));
        }
    }

    private (AddedToken Token, int Length)? Longest(SourcedText text, int position, TextTrust trust)
    {
        (AddedToken, int)? longest = null;
        var node = 0;
        var trusted = true; // All characters so far.
        for (var index = position; index < text.Value.Length && _children.TryGetValue((node, text.Value[index]), out node); index++)
        {
            trusted = trusted && trust.Includes(text.OriginOf(index));
            if (_ends[node] is { } token && (trusted || !token.IsSpecial))
            {
                longest = (token, index + 1 - position);
            }
        }

        return longest;
    }
}

/// <summary>Where in a text special tokens are found.</summary>
/// <param name="isTrusted">Whether they are found where <paramref name="untrusted"/> does not say otherwise.</param>
/// <param name="untrusted">For each character of the text, whether they are not found there.</param>
internal sealed class TextTrust(bool isTrusted, bool[]? untrusted = null)
{
    /// <summary>Everywhere.</summary>
    public static TextTrust All { get; } = new(true);

    /// <summary>Nowhere.</summary>
    public static TextTrust None { get; } = new(false);

    /// <summary>Whether a special token may have a character.</summary>
    public bool Includes(int index) => isTrusted && untrusted?[index] != true;
}
