using System.Text;

namespace Swarm.Text.Templates;

/// <summary>Text of which some parts are marked: they come from outside of the template, and are no trusted text. Immutable; equal by its characters.</summary>
/// <param name="value">The characters.</param>
/// <param name="marks">The marked parts, in order and apart from each other.</param>
internal sealed class MarkedText(string value, (int Start, int End)[] marks) : IEquatable<MarkedText>
{
    private int[]? _starts;

    /// <summary>No text.</summary>
    public static MarkedText Empty { get; } = new("", []);

    /// <summary>The characters.</summary>
    public string Value => value;

    /// <summary>The marked parts, in order and apart from each other.</summary>
    public ReadOnlySpan<(int Start, int End)> Marks => marks;

    /// <summary>Text of the template itself.</summary>
    public static MarkedText Trusted(string value) => new(value, []);

    /// <summary>Text from outside.</summary>
    public static MarkedText Untrusted(string value) => value.Length == 0 ? Empty : new(value, [(0, value.Length)]);

    /// <summary>A part of it.</summary>
    public MarkedText Slice(int start, int length)
    {
        if (length == value.Length)
        {
            return this;
        }

        var end = start + length;
        var kept = new List<(int Start, int End)>();
        for (var index = FirstMarkBehind(start); index < marks.Length && marks[index].Start < end; index++)
        {
            kept.Add((Math.Max(marks[index].Start, start) - start, Math.Min(marks[index].End, end) - start));
        }

        return new MarkedText(value.Substring(start, length), [.. kept]);
    }

    /// <summary>How many code points it has, which are characters to Python.</summary>
    public int Length => Starts is { } starts ? starts.Length - 1 : value.Length;

    /// <summary>A part of it, counted in code points.</summary>
    public MarkedText Characters(int start, int count) => Starts is { } starts ? Slice(starts[start], starts[start + count] - starts[start]) : Slice(start, count);

    /// <summary>The same with other characters, as many.</summary>
    public MarkedText With(string characters) => new(characters, marks);

    /// <summary>Without what is at its ends.</summary>
    /// <param name="removes">Whether a character goes.</param>
    /// <param name="left">Whether it goes at the beginning.</param>
    /// <param name="right">Whether it goes at the end.</param>
    public MarkedText Trim(Func<char, bool> removes, bool left = true, bool right = true)
    {
        var (start, end) = (0, value.Length);
        while (left && start < end && removes(value[start]))
        {
            start++;
        }

        while (right && end > start && removes(value[end - 1]))
        {
            end--;
        }

        return Slice(start, end - start);
    }

    /// <summary>Whether a character is marked.</summary>
    public bool IsMarked(int index) => FirstMarkBehind(index) is var mark && mark < marks.Length && marks[mark].Start <= index;

    /// <inheritdoc/>
    public bool Equals(MarkedText? other) => other is not null && value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MarkedText);

    /// <inheritdoc/>
    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => value;

    /// <summary>Where each code point begins, and the end; <see langword="null"/> where each is one UTF-16 unit.</summary>
    private int[]? Starts
    {
        get
        {
            if (_starts is null && value.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
            {
                var starts = new List<int>(value.Length + 1);
                for (var index = 0; index < value.Length; index += char.IsSurrogatePair(value, index) ? 2 : 1)
                {
                    starts.Add(index);
                }

                starts.Add(value.Length);
                _starts = [.. starts];
            }

            return _starts;
        }
    }

    /// <summary>The first mark that ends behind a character.</summary>
    private int FirstMarkBehind(int index)
    {
        var (low, high) = (0, marks.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = marks[middle].End > index ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}

/// <summary>Builds a <see cref="MarkedText"/>, no longer than a limit.</summary>
internal sealed class MarkedTextBuilder(TemplateLimits limits)
{
    private readonly StringBuilder _text = new();
    private readonly List<(int Start, int End)> _marks = [];

    /// <summary>Adds text.</summary>
    public void Append(MarkedText text)
    {
        limits.RequireLength((long)_text.Length + text.Value.Length, text.Value.Length);
        foreach (var (start, end) in text.Marks)
        {
            Mark(start + _text.Length, end + _text.Length);
        }

        _text.Append(text.Value);
    }

    /// <summary>Adds characters.</summary>
    public void Append(ReadOnlySpan<char> characters, bool isMarked = false)
    {
        limits.RequireLength((long)_text.Length + characters.Length, characters.Length);
        if (isMarked)
        {
            Mark(_text.Length, _text.Length + characters.Length);
        }

        _text.Append(characters);
    }

    /// <summary>The whole.</summary>
    public MarkedText ToText() => new(_text.ToString(), [.. _marks]);

    private void Mark(int start, int end)
    {
        if (_marks.Count > 0 && _marks[^1].End == start)
        {
            _marks[^1] = (_marks[^1].Start, end);
        }
        else if (end > start)
        {
            _marks.Add((start, end));
        }
    }
}
