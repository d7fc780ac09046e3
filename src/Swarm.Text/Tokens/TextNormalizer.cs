using Swarm.Text.Unicode;

namespace Swarm.Text.Tokens;

/// <summary>One step of what a tokenizer does to text before it looks for tokens.</summary>
internal abstract class TextNormalizer
{
    /// <summary>The step in a canonical text, for the tokenizer's identity.</summary>
    public abstract string Canonical { get; }

    /// <summary>Normalizes a text.</summary>
    public abstract SourcedText Apply(SourcedText text);
}

/// <summary>NFC or NFD.</summary>
internal sealed class CanonicalNormalizer(bool compose) : TextNormalizer
{
    public override string Canonical => compose ? "nfc" : "nfd";

    public override SourcedText Apply(SourcedText text)
    {
        if (!CanonicalForm.MayChange(text.Value, compose))
        {
            return text;
        }

        var builder = new SourcedTextBuilder(text.Value.Length);
        CanonicalForm.Normalize(text.Value, compose, (part, start) => builder.Append(part, text.OriginOf(start)));
        var normalized = builder.ToText();
        return normalized.Value == text.Value ? text : normalized;
    }
}

/// <summary>Puts a text before each text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : TextNormalizer
{
    public override string Canonical => $"prepend {prefix}";

    public override SourcedText Apply(SourcedText text)
    {
        if (text.Value.Length == 0)
        {
            return text;
        }

        var builder = new SourcedTextBuilder(prefix.Length + text.Value.Length);
        builder.Append(prefix, text.OriginOf(0));
        for (var index = 0; index < text.Value.Length; index++)
        {
            builder.Append(text.Value.AsSpan(index, 1), text.OriginOf(index));
        }

        return builder.ToText();
    }
}

/// <summary>Replaces one text with another.</summary>
internal sealed class ReplaceNormalizer(string pattern, string replacement) : TextNormalizer
{
    public override string Canonical => $"replace {pattern.Length} {pattern} {replacement}";

    public override SourcedText Apply(SourcedText text)
    {
        if (!text.Value.Contains(pattern, StringComparison.Ordinal))
        {
            return text;
        }

        if (pattern.Length == replacement.Length)
        {
            return text with { Value = text.Value.Replace(pattern, replacement, StringComparison.Ordinal) };
        }

        var builder = new SourcedTextBuilder(text.Value.Length);
        for (var index = 0; index < text.Value.Length;)
        {
            var found = text.Value.AsSpan(index).StartsWith(pattern, StringComparison.Ordinal);
            builder.Append(found ? replacement : text.Value.AsSpan(index, 1), text.OriginOf(index));
            index += found ? pattern.Length : 1;
        }

        return builder.ToText();
    }
}

/// <summary>Takes white space away from the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : TextNormalizer
{
    public override string Canonical => $"strip {left} {right}";

    public override SourcedText Apply(SourcedText text)
    {
        var start = left ? text.Value.Length - text.Value.TrimStart().Length : 0;
        var length = (right ? text.Value.TrimEnd().Length : text.Value.Length) - start;
        return length <= 0 ? new SourcedText("", text.Start) : text.Slice(start, length);
    }
}
