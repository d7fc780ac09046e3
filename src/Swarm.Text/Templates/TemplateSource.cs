namespace Swarm.Text.Templates;

/// <summary>A template's text, and where it comes from.</summary>
internal sealed class TemplateSource
{
    /// <summary>Takes a text: line ends become <c>\n</c>, and one at the end is left out, as Jinja does.</summary>
    public TemplateSource(string text, string name)
    {
        Name = name;
        if (text.Length > TemplateLimits.MaxSource)
        {
            throw new TextFormatException($"{name}: the chat template has {text.Length} characters; up to {TemplateLimits.MaxSource} are supported.");
        }

        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Text = lines.EndsWith('\n') ? lines[..^1] : lines;
    }

    /// <summary>Where it comes from.</summary>
    public string Name { get; }

    /// <summary>The text.</summary>
    public string Text { get; }

    /// <summary>An error at a place.</summary>
    /// <param name="offset">The place, as an index of <see cref="Text"/>.</param>
    /// <param name="fault">What is wrong, as a sentence without its full stop.</param>
    public TextFormatException Fault(int offset, string fault)
    {
        var before = Text.AsSpan(0, Math.Min(offset, Text.Length));
        var (line, column) = (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
        return new TextFormatException($"{Name}, line {line}, column {column}: {fault}.");
    }
}
