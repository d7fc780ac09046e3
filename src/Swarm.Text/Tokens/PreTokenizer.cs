namespace Swarm.Text.Tokens;

/// <summary>A part of a text that is encoded by itself.</summary>
/// <param name="Text">Text that it is in.</param>
/// <param name="Start">Its first character.</param>
/// <param name="Length">Its characters; at least 1.</param>
/// <param name="IsFirst">Whether the text that was given begins with it.</param>
internal readonly record struct TextPiece(string Text, int Start, int Length, bool IsFirst)
{
    /// <summary>Its characters.</summary>
    public ReadOnlySpan<char> Span => Text.AsSpan(Start, Length);

    /// <summary>A part of it.</summary>
    public TextPiece Slice(int start, int length) => new(Text, Start + start, length, IsFirst && start == 0);
}

/// <summary>One step of what a tokenizer does to cut text into pieces.</summary>
internal abstract class PreTokenizer
{
    /// <summary>The step in a canonical text, for the tokenizer's identity.</summary>
    public abstract string Canonical { get; }

    /// <summary>Cuts or changes a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="output">Receives what becomes of it.</param>
    public abstract void Apply(TextPiece piece, List<TextPiece> output);
}

/// <summary>Where what a pattern finds goes; the words are those of tokenizer.json.</summary>
internal enum SplitBehavior
{
    /// <summary>A piece of its own.</summary>
    Isolated,

    /// <summary>Nowhere.</summary>
    Removed,

    /// <summary>To the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>To the piece behind it.</summary>
    MergedWithNext,

    /// <summary>A piece with all that follow it at once.</summary>
    Contiguous,
}

/// <summary>Cuts at what a pattern finds.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">Where what it finds goes.</param>
/// <param name="invert">Whether it says what is between.</param>
internal sealed class SplitStep(SplitPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override string Canonical => $"split {behavior} {invert} {pattern.Canonical}";

    public override void Apply(TextPiece piece, List<TextPiece> output)
    {
        var matches = new List<(int Start, int Length)>();
        pattern.Match(piece.Span, matches);
        var parts = new List<(int Start, int End, bool IsMatch)>((2 * matches.Count) + 1);
        var end = 0;
        foreach (var (start, length) in matches)
        {
            if (start > end)
            {
                parts.Add((end, start, invert));
            }

            parts.Add((start, start + length, !invert));
            end = start + length;
        }

        if (end < piece.Length)
        {
            parts.Add((end, piece.Length, invert));
        }

        foreach (var (start, stop) in Gather(parts))
        {
            if (stop > start)
            {
                output.Add(piece.Slice(start, stop - start));
            }
        }
    }

    private IEnumerable<(int Start, int End)> Gather(List<(int Start, int End, bool IsMatch)> parts)
    {
        switch (behavior)
        {
            case SplitBehavior.Isolated:
                return parts.Select(part => (part.Start, part.End));
            case SplitBehavior.Removed:
                return parts.Where(part => !part.IsMatch).Select(part => (part.Start, part.End));
        }

        var gathered = new List<(int Start, int End)>();
        var backwards = behavior == SplitBehavior.MergedWithNext;
        var matchBefore = false;
        for (var count = 0; count < parts.Count; count++)
        {
            var (start, end, isMatch) = parts[backwards ? parts.Count - 1 - count : count];
            var joins = behavior == SplitBehavior.Contiguous ? isMatch == matchBefore : isMatch && !matchBefore;
            if (joins && gathered.Count > 0)
            {
                var last = gathered[^1];
                gathered[^1] = (Math.Min(start, last.Start), Math.Max(end, last.End));
            }
            else
            {
                gathered.Add((start, end));
            }

            matchBefore = isMatch;
        }

        if (backwards)
        {
            gathered.Reverse();
        }

        return gathered;
    }
}

/// <summary>Where <see cref="MetaspaceStep"/> puts a space of its own.</summary>
internal enum PrependScheme
{
    /// <summary>Before each text between special tokens.</summary>
    Always,

    /// <summary>Before the text that was given.</summary>
    First,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>Writes spaces as a visible character, and may put one before a text.</summary>
internal sealed class MetaspaceStep(string replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly SplitStep _split = new(SplitPattern.OfText(replacement), SplitBehavior.MergedWithNext, invert: false);

    public override string Canonical => $"metaspace {scheme} {split} {replacement}";

    public override void Apply(TextPiece piece, List<TextPiece> output)
    {
        var text = piece.Span.ToString().Replace(" ", replacement, StringComparison.Ordinal);
        var prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.IsFirst);
        if (prepends && !text.StartsWith(replacement, StringComparison.Ordinal))
        {
            text = replacement + text;
        }

        var whole = new TextPiece(text, 0, text.Length, piece.IsFirst);
        if (split)
        {
            _split.Apply(whole, output);
        }
        else
        {
            output.Add(whole);
        }
    }
}

/// <summary>Puts a space before each text that does not begin with one.</summary>
internal sealed class PrefixSpaceStep : PreTokenizer
{
    public override string Canonical => "prefix space";

    public override void Apply(TextPiece piece, List<TextPiece> output) =>
        output.Add(piece.Span[0] == ' ' ? piece : new TextPiece($" {piece.Span}", 0, piece.Length + 1, piece.IsFirst));
}
