using System.Globalization;

namespace Swarm.Text.Templates;

/// <summary>Reads expressions. What is not supported is refused here, before anything is rendered.</summary>
internal class ExpressionParser : TemplateTokenReader
{
    private static readonly string[] _comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] _notOfTests = ["else", "or", "and", "is", "if"];

    /// <summary>Begins to read a template.</summary>
    protected ExpressionParser(TemplateSource source)
        : base(source)
    {
    }

    /// <summary>Reads an expression, which may be a tuple without brackets.</summary>
    protected TemplateExpression ReadTuple()
    {
        var first = ReadExpression();
        if (!Is(","))
        {
            return first;
        }

        var items = new List<TemplateExpression> { first };
        while (TryTake(",") && Current.Kind is not (TemplateTokenKind.StatementEnd or TemplateTokenKind.ExpressionEnd))
        {
            items.Add(ReadExpression());
        }

        return new ListExpression(items, IsTuple: true, first.Offset);
    }

    /// <summary>Reads an expression.</summary>
    /// <param name="withCondition">Whether <c>if</c> belongs to it.</param>
    protected TemplateExpression ReadExpression(bool withCondition = true) => Nested(() =>
    {
        var value = ReadOr();
        for (var count = 0; withCondition && Is("if"); count++)
        {
            var offset = Take().Offset;
            if (count == TemplateLimits.MaxDepth)
            {
                throw Source.Fault(offset, $"more than {TemplateLimits.MaxDepth} 'if' in a row are not supported");
            }

            var condition = ReadOr();
            value = new ConditionalExpression(condition, value, TryTake("else") ? ReadExpression() : null, offset);
        }

        return value;
    });

    private TemplateExpression ReadOr() => ReadBinary(ReadAnd, "or");

    private TemplateExpression ReadAnd() => ReadBinary(ReadNot, "and");

    private TemplateExpression ReadNot() =>
        Is("not") ? new UnaryExpression(Offset: Take().Offset, Operator: "not", Operand: Nested(ReadNot)) : ReadCompare();

    private TemplateExpression ReadCompare()
    {
        var first = ReadSum();
        var rest = new List<(string, TemplateExpression)>();
        var offset = Current.Offset;
        while (true)
        {
            if (Current.Kind == TemplateTokenKind.Operator && _comparisons.Contains(Current.Text))
            {
                rest.Add((Take().Text, ReadSum()));
            }
            else if (TryTake("in"))
            {
                rest.Add(("in", ReadSum()));
            }
            else if (Is("not") && Following is { Kind: TemplateTokenKind.Name, Text: "in" })
            {
                _ = Take();
                _ = Take();
                rest.Add(("not in", ReadSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new CompareExpression(first, rest, offset);
            }
        }
    }

    private TemplateExpression ReadSum() => ReadBinary(ReadConcatenation, "+", "-");

    private TemplateExpression ReadConcatenation() => ReadBinary(ReadProduct, "~");

    private TemplateExpression ReadProduct() => ReadBinary(ReadPower, "*", "/", "//", "%");

    private TemplateExpression ReadPower() => ReadBinary(() => ReadUnary(), "**");

    private TemplateExpression ReadBinary(Func<TemplateExpression> read, params string[] operators)
    {
        var left = read();
        var count = 0;
        while (Current.Kind is TemplateTokenKind.Operator or TemplateTokenKind.Name && operators.Contains(Current.Text))
        {
            var operation = Take();
            left = ++count <= 1000
                ? new BinaryExpression(operation.Text, left, read(), operation.Offset)
                : throw Source.Fault(operation.Offset, "an expression with more than 1000 operators in a row is not supported");
        }

        return left;
    }

    private TemplateExpression ReadUnary(bool withFilters = true)
    {
        TemplateExpression value;
        if (Current is { Kind: TemplateTokenKind.Operator, Text: "-" or "+" })
        {
            var sign = Take();
            value = new UnaryExpression(sign.Text, Nested(() => ReadUnary(withFilters: false)), sign.Offset);
        }
        else
        {
            value = ReadPrimary();
        }

        value = ReadPostfix(value);
        return withFilters ? ReadFilters(value) : value;
    }

    private TemplateExpression ReadPrimary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TemplateTokenKind.Name:
                return ReadName();
            case TemplateTokenKind.Text:
                var text = "";
                while (Current.Kind == TemplateTokenKind.Text)
                {
                    text += Take().Text;
                }

                return new LiteralExpression(MarkedText.Trusted(text), token.Offset);
            case TemplateTokenKind.Integer:
                return new LiteralExpression(
                    long.TryParse(Take().Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        ? number
                        : throw Source.Fault(token.Offset, $"{token.Text} is beyond 64 bits, which is not supported"),
                    token.Offset);
            case TemplateTokenKind.Real:
                return new LiteralExpression(double.Parse(Take().Text, CultureInfo.InvariantCulture), token.Offset);
            case TemplateTokenKind.Operator when token.Text is "(" or "[":
                return ReadList();
            case TemplateTokenKind.Operator when token.Text == "{":
                return ReadMap();
            default:
                throw Unexpected("a value");
        }
    }

    private TemplateExpression ReadName()
    {
        var token = Take();
        return token.Text switch
        {
            "true" or "True" => new LiteralExpression(true, token.Offset),
            "false" or "False" => new LiteralExpression(false, token.Offset),
            "none" or "None" => new LiteralExpression(null, token.Offset),
            "varargs" or "kwargs" or "caller" or "self" or "super" => throw Source.Fault(token.Offset, $"'{token.Text}' is not supported"),
            _ => new NameExpression(token.Text, token.Offset),
        };
    }

    private TemplateExpression ReadList()
    {
        var open = Take();
        var close = open.Text == "(" ? ")" : "]";
        var items = new List<TemplateExpression>();
        var isTuple = false;
        while (!TryTake(close))
        {
            if (items.Count > 0)
            {
                Require(",");
                isTuple = true;
                if (TryTake(close))
                {
                    break;
                }
            }

            items.Add(ReadExpression());
        }

        return items.Count == 1 && open.Text == "(" && !isTuple ? items[0] : new ListExpression(items, open.Text == "(", open.Offset);
    }

    private MapExpression ReadMap()
    {
        var offset = Take().Offset;
        var items = new List<(TemplateExpression, TemplateExpression)>();
        while (!TryTake("}"))
        {
            if (items.Count > 0)
            {
                Require(",");
                if (TryTake("}"))
                {
                    break;
                }
            }

            var key = ReadExpression();
            Require(":");
            items.Add((key, ReadExpression()));
        }

        return new MapExpression(items, offset);
    }

    private TemplateExpression ReadPostfix(TemplateExpression value)
    {
        for (var count = 0; ; count++)
        {
            var offset = Current.Offset;
            if (count > TemplateLimits.MaxDepth)
            {
                throw Source.Fault(offset, $"more than {TemplateLimits.MaxDepth} fields, elements and calls in a row are not supported");
            }

            if (TryTake("."))
            {
                if (Current.Kind == TemplateTokenKind.Integer)
                {
                    value = new IndexExpression(value, ReadPrimary(), offset);
                    continue;
                }

                var name = Require(TemplateTokenKind.Name, "the name of a field");
                value = Is("(") ? ReadMethod(value, name) : ReadField(value, name);
            }
            else if (TryTake("["))
            {
                value = ReadElement(value, offset);
            }
            else if (Is("("))
            {
                if (value is not NameExpression callee)
                {
                    throw Source.Fault(offset, "only functions, macros and methods can be called");
                }

                Called(callee.Name, callee.Offset);
                value = new CallExpression(callee.Name, ReadArguments(), callee.Offset);
            }
            else
            {
                return value;
            }
        }
    }

    private FieldExpression ReadField(TemplateExpression target, TemplateToken name) =>
        target is NameExpression { Name: "loop" } && !LoopState.Fields.Contains(name.Text)
            ? throw Source.Fault(name.Offset, $"'loop.{name.Text}' is not supported; of loop, {string.Join(", ", LoopState.Fields)} are")
            : new FieldExpression(target, name.Text, name.Offset);

    private MethodExpression ReadMethod(TemplateExpression target, TemplateToken name) => TemplateMethods.IsKnown(name.Text)
        ? new MethodExpression(target, name.Text, ReadArguments(), name.Offset)
        : throw Source.Fault(name.Offset, $"the method '{name.Text}' is not supported; {TemplateMethods.Names} are");

    private TemplateExpression ReadElement(TemplateExpression target, int offset)
    {
        var start = Is(":") ? null : ReadExpression();
        if (start is not null && TryTake("]"))
        {
            return new IndexExpression(target, start, offset);
        }

        Require(":");
        var stop = Is(":") || Is("]") ? null : ReadExpression();
        var step = TryTake(":") && !Is("]") ? ReadExpression() : null;
        Require("]");
        return new SliceExpression(target, start, stop, step, offset);
    }

    private ArgumentList ReadArguments()
    {
        Require("(");
        var (positional, named) = (new List<TemplateExpression>(), new List<(string, TemplateExpression)>());
        while (!TryTake(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                Require(",");
                if (TryTake(")"))
                {
                    break;
                }
            }

            if (Current is { Kind: TemplateTokenKind.Operator, Text: "*" or "**" })
            {
                throw Source.Fault(Current.Offset, "arguments with '*' are not supported");
            }

            if (Current.Kind == TemplateTokenKind.Name && Following is { Kind: TemplateTokenKind.Operator, Text: "=" })
            {
                var name = Take().Text;
                Require("=");
                named.Add((name, ReadExpression()));
            }
            else if (named.Count > 0)
            {
                throw Source.Fault(Current.Offset, "an argument without a name stands behind one with a name");
            }
            else
            {
                positional.Add(ReadExpression());
            }
        }

        return new ArgumentList(positional, named);
    }

    private TemplateExpression ReadFilters(TemplateExpression value)
    {
        for (var count = 0; ; count++)
        {
            if (count > TemplateLimits.MaxDepth)
            {
                throw Source.Fault(Current.Offset, $"more than {TemplateLimits.MaxDepth} filters and tests in a row are not supported");
            }

            if (TryTake("|"))
            {
                value = ReadFilter(value);
            }
            else if (TryTake("is"))
            {
                value = ReadTest(value);
            }
            else
            {
                return value;
            }
        }
    }

    private FilterExpression ReadFilter(TemplateExpression value)
    {
        var name = Require(TemplateTokenKind.Name, "the name of a filter");
        RequireFilter(name.Text, name.Offset);
        var arguments = Is("(") ? ReadArguments() : new ArgumentList([], []);
        if (TemplateFilters.NamedIn(name.Text, arguments, out var isTest) is { } named)
        {
            var inner = (named as LiteralExpression)?.Value as MarkedText
                ?? throw Source.Fault(named.Offset, $"the filter '{name.Text}' needs the name of a {(isTest ? "test" : "filter")} in quotes");
            if (isTest)
            {
                RequireTest(inner.Value, named.Offset);
            }
            else
            {
                RequireFilter(inner.Value, named.Offset);
            }
        }

        return new FilterExpression(value, name.Text, arguments, name.Offset);
    }

    private TestExpression ReadTest(TemplateExpression value)
    {
        var isNegated = TryTake("not");
        var name = Require(TemplateTokenKind.Name, "the name of a test");
        RequireTest(name.Text, name.Offset);
        ArgumentList arguments;
        if (Is("("))
        {
            arguments = ReadArguments();
        }
        else
        {
            var hasArgument = Current.Kind is TemplateTokenKind.Text or TemplateTokenKind.Integer or TemplateTokenKind.Real
                || (Current.Kind == TemplateTokenKind.Name && !_notOfTests.Contains(Current.Text))
                || Current is { Kind: TemplateTokenKind.Operator, Text: "[" or "{" };
            arguments = new ArgumentList(hasArgument ? [ReadPostfix(ReadPrimary())] : [], []);
        }

        return new TestExpression(value, name.Text, isNegated, arguments, name.Offset);
    }
}
