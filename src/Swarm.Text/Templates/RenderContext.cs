namespace Swarm.Text.Templates;

/// <summary>One rendering of a template.</summary>
/// <param name="source">The template's text, for messages.</param>
/// <param name="now">The time that <c>strftime_now</c> tells.</param>
internal sealed class RenderContext(TemplateSource source, DateTimeOffset now)
{
    /// <summary>What the rendering may use.</summary>
    public TemplateLimits Limits { get; } = new(source.Name);

    /// <summary>The time that <c>strftime_now</c> tells.</summary>
    public DateTimeOffset Now => now;

    /// <summary>How many macros are being called.</summary>
    public int CallDepth { get; set; }

    /// <summary>Where output goes.</summary>
    public MarkedTextBuilder Output { get; private set; } = null!;

    /// <summary>An error at a place of the template.</summary>
    public TextFormatException Fault(int offset, string fault) => source.Fault(offset, fault);

    /// <summary>The output of some statements.</summary>
    public MarkedText Capture(Action render)
    {
        var (outer, inner) = (Output, new MarkedTextBuilder(Limits));
        Output = inner;
        try
        {
            render();
        }
        finally
        {
            Output = outer;
        }

        return inner.ToText();
    }
}

/// <summary>Variables of a part of a template; those of the parts around it are seen, and not set.</summary>
/// <param name="parent">The part around it.</param>
internal sealed class TemplateScope(TemplateScope? parent)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    /// <summary>Sets a variable of this part.</summary>
    public void Set(string name, object? value) => _values[name] = value;

    /// <summary>Gets a variable.</summary>
    public object? Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return new Undefined(name);
    }

    private TemplateScope? Parent => parent;
}
