namespace Swarm.Text.Templates;

/// <summary>Reads a template's statements.</summary>
internal sealed class TemplateParser : ExpressionParser
{
    private const string Supported = "if, for, set, macro, break, continue and generation are";

    private readonly HashSet<string> _macros = new(StringComparer.Ordinal);
    private int _loops;

    private TemplateParser(TemplateSource source)
        : base(source)
    {
    }

    /// <summary>Reads a template.</summary>
    /// <exception cref="TextFormatException">It is malformed or has what is not supported; the message says where.</exception>
    public static BlockStatement Read(TemplateSource source)
    {
        var parser = new TemplateParser(source);
        var body = parser.ReadBody("", out _);
        parser.RequireCallable(parser._macros);
        return body;
    }

    /// <summary>Reads statements up to a tag that ends them.</summary>
    /// <param name="opened">The tag that they are in, for messages; empty for none.</param>
    /// <param name="ended">The name in the tag that ends them, which is taken.</param>
    /// <param name="ends">Names of tags that end them.</param>
    private BlockStatement ReadBody(string opened, out TemplateToken ended, params string[] ends)
    {
        var (statements, end) = Nested(() => ReadStatements(opened, ends));
        ended = end;
        return new BlockStatement(statements);
    }

    private (List<TemplateStatement> Statements, TemplateToken Ended) ReadStatements(string opened, string[] ends)
    {
        var statements = new List<TemplateStatement>();
        while (true)
        {
            var token = Take();
            switch (token.Kind)
            {
                case TemplateTokenKind.Data:
                    statements.Add(new DataStatement(MarkedText.Trusted(token.Text)));
                    break;
                case TemplateTokenKind.ExpressionBegin:
                    statements.Add(new OutputStatement(ReadTuple()));
                    _ = Require(TemplateTokenKind.ExpressionEnd, "'}}'");
                    break;
                case TemplateTokenKind.StatementBegin:
                    var name = Require(TemplateTokenKind.Name, "the name of a statement");
                    if (ends.Contains(name.Text))
                    {
                        return (statements, name);
                    }

                    statements.Add(ReadStatement(name));
                    break;
                default:
                    return ends.Length == 0 ? (statements, token) : throw Source.Fault(token.Offset, $"'{opened}' has no end '{ends[^1]}'");
            }
        }
    }

    private TemplateStatement ReadStatement(TemplateToken name)
    {
        switch (name.Text)
        {
            case "if":
                return ReadIf();
            case "for":
                return ReadFor(name.Offset);
            case "set":
                return ReadSet(name.Offset);
            case "macro":
                return ReadMacro(name.Offset);
            case "generation": // A mark of transformers for training: what is in it is rendered.
                EndTag();
                var body = ReadBody("generation", out _, "endgeneration");
                EndTag();
                return body;
            case "break" or "continue":
                if (_loops == 0)
                {
                    throw Source.Fault(name.Offset, $"'{name.Text}' stands outside of a loop");
                }

                EndTag();
                return new FlowStatement(name.Text == "break" ? TemplateFlow.Break : TemplateFlow.Continue);
            default:
                throw Source.Fault(name.Offset, $"the statement '{name.Text}' is not supported; {Supported}");
        }
    }

    private IfStatement ReadIf()
    {
        var branches = new List<(TemplateExpression, BlockStatement)>();
        var otherwise = new BlockStatement([]);
        while (true)
        {
            var condition = ReadTuple();
            EndTag();
            branches.Add((condition, ReadBody("if", out var ended, "elif", "else", "endif")));
            if (ended.Text == "elif")
            {
                continue;
            }

            if (ended.Text == "else")
            {
                EndTag();
                otherwise = ReadBody("else", out _, "endif");
            }

            EndTag();
            return new IfStatement(branches, otherwise);
        }
    }

    private ForStatement ReadFor(int offset)
    {
        var names = ReadNames();
        Require("in");
        var items = ReadExpression(withCondition: false);
        var filter = TryTake("if") ? ReadExpression() : null;
        if (Is("recursive"))
        {
            throw Source.Fault(Current.Offset, "'recursive' is not supported; a macro that calls itself is");
        }

        EndTag();
        _loops++;
        var body = ReadBody("for", out var ended, "else", "endfor");
        _loops--;
        var otherwise = new BlockStatement([]);
        if (ended.Text == "else")
        {
            EndTag();
            otherwise = ReadBody("else", out _, "endfor");
        }

        EndTag();
        return new ForStatement(names, items, filter, body, otherwise, offset);
    }

    private TemplateStatement ReadSet(int offset)
    {
        var names = ReadNames();
        if (names.Count == 1 && TryTake("."))
        {
            var field = Require(TemplateTokenKind.Name, "the name of a field");
            Require("=");
            var value = ReadTuple();
            EndTag();
            return new SetFieldStatement(names[0], field.Text, value, offset);
        }

        if (TryTake("="))
        {
            var value = ReadTuple();
            EndTag();
            return new SetStatement(names, value, offset);
        }

        if (names.Count > 1 || Is("|"))
        {
            throw Source.Fault(Current.Offset, "'set' without '=' is supported with one name and no filters");
        }

        EndTag();
        var body = ReadBody("set", out _, "endset");
        EndTag();
        return new CaptureStatement(names[0], body);
    }

    private MacroStatement ReadMacro(int offset)
    {
        var name = Require(TemplateTokenKind.Name, "the name of a macro");
        if (TemplateFunctions.IsKnown(name.Text))
        {
            throw Source.Fault(offset, $"a macro called '{name.Text}' is not supported: there is a function of that name");
        }

        _ = _macros.Add(name.Text);
        Require("(");
        var parameters = new List<(string, TemplateExpression?)>();
        while (!TryTake(")"))
        {
            if (parameters.Count > 0)
            {
                Require(",");
            }

            var parameter = Require(TemplateTokenKind.Name, "the name of a parameter");
            parameters.Add((parameter.Text, TryTake("=") ? ReadExpression() : null));
        }

        EndTag();
        var loops = _loops;
        _loops = 0;
        var body = ReadBody("macro", out _, "endmacro");
        _loops = loops;
        EndTag();
        return new MacroStatement(name.Text, parameters, body);
    }

    private List<string> ReadNames()
    {
        var hasBrackets = TryTake("(");
        var names = new List<string>();
        do
        {
            names.Add(Require(TemplateTokenKind.Name, "a name").Text);
        }
        while (TryTake(","));

        if (hasBrackets)
        {
            Require(")");
        }

        return names;
    }

    private void EndTag() => Require(TemplateTokenKind.StatementEnd, "'%}'");
}
