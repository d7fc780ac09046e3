namespace Swarm.Text.Templates;

/// <summary>Goes through a template's tokens.</summary>
internal abstract class TemplateTokenReader
{
    private readonly List<TemplateToken> _tokens;
    private readonly List<(string Name, int Offset)> _calls = [];
    private int _position;
    private int _depth;

    /// <summary>Begins to read a template.</summary>
    protected TemplateTokenReader(TemplateSource source) => (Source, _tokens) = (source, TemplateLexer.Read(source));

    /// <summary>The template.</summary>
    protected TemplateSource Source { get; }

    /// <summary>The next token.</summary>
    protected TemplateToken Current => _tokens[_position];

    /// <summary>The token behind the next one.</summary>
    protected TemplateToken Following => _tokens[Math.Min(_position + 1, _tokens.Count - 1)];

    /// <summary>Takes the next token.</summary>
    protected TemplateToken Take() => _tokens[_position < _tokens.Count - 1 ? _position++ : _position];

    /// <summary>Whether the next token is a name or an operator.</summary>
    protected bool Is(string text) => Current.Kind is TemplateTokenKind.Name or TemplateTokenKind.Operator && Current.Text == text;

    /// <summary>Takes a name or an operator, if it is next.</summary>
    protected bool TryTake(string text)
    {
        var isNext = Is(text);
        _position += isNext ? 1 : 0;
        return isNext;
    }

    /// <summary>Takes a name or an operator, which must be next.</summary>
    protected void Require(string text)
    {
        if (!TryTake(text))
        {
            throw Unexpected($"'{text}'");
        }
    }

    /// <summary>Takes a token of a kind, which must be next.</summary>
    protected TemplateToken Require(TemplateTokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    /// <summary>The error where another token was to be next.</summary>
    protected TextFormatException Unexpected(string wanted) => Source.Fault(
        Current.Offset, Current.Kind == TemplateTokenKind.End ? $"the template ends where {wanted} is needed" : $"'{Current.Text}' is where {wanted} is needed");

    /// <summary>Goes one level deeper into the template.</summary>
    protected T Nested<T>(Func<T> read)
    {
        if (++_depth > TemplateLimits.MaxDepth)
        {
            throw Source.Fault(Current.Offset, $"the template is nested deeper than {TemplateLimits.MaxDepth} levels, which is not supported");
        }

        var result = read();
        _depth--;
        return result;
    }

    /// <summary>Notes that something is called; a macro may be defined behind its call.</summary>
    protected void Called(string name, int offset) => _calls.Add((name, offset));

    /// <summary>Checks that what is called is there.</summary>
    /// <param name="macros">Names of the template's macros.</param>
    protected void RequireCallable(IReadOnlySet<string> macros)
    {
        foreach (var (name, offset) in _calls)
        {
            if (!TemplateFunctions.IsKnown(name) && !macros.Contains(name))
            {
                throw Source.Fault(offset, $"the function '{name}' is not supported; macros of the template and {TemplateFunctions.Names} are");
            }
        }
    }

    /// <summary>Checks that there is a filter.</summary>
    protected void RequireFilter(string name, int offset)
    {
        if (!TemplateFilters.IsKnown(name))
        {
            throw Source.Fault(offset, $"the filter '{name}' is not supported; {TemplateFilters.Names} are");
        }
    }

    /// <summary>Checks that there is a test.</summary>
    protected void RequireTest(string name, int offset)
    {
        if (!TemplateTests.IsKnown(name))
        {
            throw Source.Fault(offset, $"the test '{name}' is not supported; {TemplateTests.Names} are");
        }
    }
}
