using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>Text that knows where in the text that was given its characters come from.</summary>
/// <param name="Value">The text.</param>
/// <param name="Start">Index in the given text of its first character, where <paramref name="Origins"/> is null.</param>
/// <param name="Origins">Index in the given text of each character; <see langword="null"/> where they follow each other.</param>
internal readonly record struct SourcedText(string Value, int Start, int[]? Origins = null)
{
    /// <summary>Index in the given text of a character.</summary>
    public int OriginOf(int index) => Origins is null ? Start + index : Origins[index];

    /// <summary>A part of it.</summary>
    public SourcedText Slice(int start, int length) => length == Value.Length
        ? this
        : new SourcedText(Value.Substring(start, length), OriginOf(start), Origins?.AsSpan(start, length).ToArray());
}

/// <summary>Builds a <see cref="SourcedText"/>.</summary>
internal sealed class SourcedTextBuilder(int capacity)
{
    private readonly StringBuilder _text = new(capacity);
    private readonly List<int> _origins = new(capacity);

    /// <summary>Adds text that comes from one place.</summary>
    public void Append(ReadOnlySpan<char> text, int origin)
    {
        _text.Append(text);
        for (var index = 0; index < text.Length; index++)
        {
            _origins.Add(origin);
        }
    }

    /// <summary>The whole.</summary>
    public SourcedText ToText() => _origins.Count == 0 ? new SourcedText("", 0) : new SourcedText(_text.ToString(), _origins[0], [.. _origins]);
}
