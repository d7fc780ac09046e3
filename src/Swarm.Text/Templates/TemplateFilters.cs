using System.Globalization;

namespace Swarm.Text.Templates;

/// <summary>What may stand behind <c>|</c>.</summary>
internal static class TemplateFilters
{
    private static readonly Dictionary<string, Func<RenderContext, object?, CallArguments, object?>> _filters = new(StringComparer.Ordinal)
    {
        ["abs"] = (context, value, arguments) => Compare(context, value, 0L, arguments) < 0 ? TemplateOperators.Calculate(context, "-", 0L, value, arguments.Offset) : value,
        ["capitalize"] = (context, value, arguments) => TemplateMethods.Capitalize(Plain(context, "capitalize", value, arguments)),
        ["count"] = (context, value, arguments) => Length(context, value, arguments),
        ["d"] = Default,
        ["default"] = Default,
        ["first"] = (context, value, arguments) => Items(context, value, Checked(context, "first", arguments)) is { Count: > 0 } items ? items[0] : new Undefined("the first of none"),
        ["float"] = ToReal,
        ["indent"] = Indent,
        ["int"] = ToInteger,
        ["items"] = (context, value, arguments) => value is Undefined
            ? new List<object?>()
            : TemplateMethods.Call(context, value, "items", Checked(context, "items", arguments)),
        ["join"] = JoinItems,
        ["last"] = (context, value, arguments) => Items(context, value, Checked(context, "last", arguments)) is { Count: > 0 } items ? items[^1] : new Undefined("the last of none"),
        ["length"] = (context, value, arguments) => Length(context, value, arguments),
        ["list"] = (context, value, arguments) => Items(context, value, Checked(context, "list", arguments)),
        ["lower"] = (context, value, arguments) => TemplateMethods.Lower(Plain(context, "lower", value, arguments)),
        ["map"] = Map,
        ["reject"] = (context, value, arguments) => Select(context, value, arguments, "reject", byField: false, keeps: false),
        ["rejectattr"] = (context, value, arguments) => Select(context, value, arguments, "rejectattr", byField: true, keeps: false),
        ["replace"] = (context, value, arguments) => TemplateMethods.Call(context, TemplateText.Print(context, value), "replace", arguments),
        ["reverse"] = Reverse,
        ["safe"] = (context, value, arguments) => Plain(context, "safe", value, arguments),
        ["select"] = (context, value, arguments) => Select(context, value, arguments, "select", byField: false, keeps: true),
        ["selectattr"] = (context, value, arguments) => Select(context, value, arguments, "selectattr", byField: true, keeps: true),
        ["string"] = (context, value, arguments) => Plain(context, "string", value, arguments),
        ["title"] = (context, value, arguments) => TemplateMethods.Title(
            Plain(context, "title", value, arguments), unit => !TemplateLexer.IsSpace(unit) && unit is not ('-' or '(' or '{' or '[' or '<')),
        ["tojson"] = ToJson,
        ["trim"] = (context, value, arguments) => TemplateMethods.Call(context, TemplateText.Print(context, value), "strip", arguments),
        ["upper"] = (context, value, arguments) => TemplateMethods.Upper(Plain(context, "upper", value, arguments)),
    };

    /// <summary>Filters whose first argument names a field, and the others a test or a filter.</summary>
    private static readonly string[] _byName = ["select", "reject", "selectattr", "rejectattr", "map"];

    /// <summary>The filters that there are.</summary>
    public static string Names => string.Join(", ", _filters.Keys);

    /// <summary>Whether there is a filter.</summary>
    public static bool IsKnown(string name) => _filters.ContainsKey(name);

    /// <summary>The name of a test or a filter that a filter is given; <see langword="null"/> for none.</summary>
    /// <param name="name">The filter.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="isTest">Whether the name is a test's.</param>
    public static TemplateExpression? NamedIn(string name, ArgumentList arguments, out bool isTest)
    {
        isTest = name != "map";
        var index = name.EndsWith("attr", StringComparison.Ordinal) ? 1 : 0;
        return _byName.Contains(name) && arguments.Positional.Count > index ? arguments.Positional[index] : null;
    }

    /// <summary>Filters a value.</summary>
    public static object? Apply(RenderContext context, string name, object? value, CallArguments arguments)
    {
        context.Limits.Step();
        if (value is MarkedText text)
        {
            context.Limits.Handle(text);
        }

        return _filters[name](context, value, arguments);
    }

    /// <summary>The elements of a value that has some.</summary>
    public static List<object?> Items(RenderContext context, object? value, CallArguments arguments) => ItemsOf(context, value, arguments.Offset);

    /// <summary>The elements of a value that has some: of a mapping its keys, of a text its characters.</summary>
    public static List<object?> ItemsOf(RenderContext context, object? value, int offset)
    {
        switch (value)
        {
            case List<object?> list:
                return list;
            case TemplateMap map:
                context.Limits.RequireItems(map.Count);
                return [.. map.Items.Select(item => item.Key)];
            case MarkedText text:
                context.Limits.RequireItems(text.Length);
                return [.. Enumerable.Range(0, text.Length).Select(index => text.Characters(index, 1))];
            case Undefined:
                return [];
            default:
                throw context.Fault(offset, $"{TemplateOperators.TypeOf(value)} has no elements");
        }
    }

    /// <summary>Puts printed values together.</summary>
    public static MarkedText Join(RenderContext context, IEnumerable<object?> items, MarkedText separator)
    {
        var builder = new MarkedTextBuilder(context.Limits);
        var isFirst = true;
        foreach (var item in items)
        {
            if (!isFirst)
            {
                builder.Append(separator);
            }

            builder.Append(TemplateText.Print(context, item));
            isFirst = false;
        }

        return builder.ToText();
    }

    private static CallArguments Checked(RenderContext context, string name, CallArguments arguments)
    {
        _ = arguments.Bind(context, name);
        return arguments;
    }

    private static MarkedText Plain(RenderContext context, string name, object? value, CallArguments arguments)
    {
        _ = arguments.Bind(context, name);
        return TemplateText.Print(context, value);
    }

    private static int Compare(RenderContext context, object? value, object? other, CallArguments arguments) =>
        TemplateOperators.Compare(context, value, other, Checked(context, "abs", arguments).Offset);

    private static long Length(RenderContext context, object? value, CallArguments arguments) => value switch
    {
        MarkedText text => text.Length,
        TemplateMap map => map.Count,
        List<object?> or Undefined => Items(context, value, Checked(context, "length", arguments)).Count,
        _ => throw context.Fault(arguments.Offset, $"{TemplateOperators.TypeOf(value)} has no length"),
    };

    private static object? Default(RenderContext context, object? value, CallArguments arguments)
    {
        var bound = arguments.Bind(context, "default", "default_value", "boolean");
        var isMissing = value is Undefined || (bound[1] is not Missing && TemplateOperators.IsTrue(bound[1]) && !TemplateOperators.IsTrue(value));
        return !isMissing ? value : bound[0] is Missing ? MarkedText.Empty : bound[0];
    }

    private static MarkedText JoinItems(RenderContext context, object? value, CallArguments arguments)
    {
        var bound = arguments.Bind(context, "join", "d", "attribute");
        var items = Items(context, value, arguments).AsEnumerable();
        if (bound[1] is MarkedText field)
        {
            items = items.Select(item => Field(context, item, field.Value, arguments.Offset));
        }

        return Join(context, items, bound[0] is Missing ? MarkedText.Empty : TemplateText.Print(context, bound[0]));
    }

    private static object? Reverse(RenderContext context, object? value, CallArguments arguments)
    {
        var items = Items(context, value, Checked(context, "reverse", arguments)).AsEnumerable().Reverse().ToList();
        context.Limits.RequireItems(items.Count);
        return value is MarkedText ? Join(context, items, MarkedText.Empty) : items;
    }

    private static MarkedText ToJson(RenderContext context, object? value, CallArguments arguments)
    {
        var bound = arguments.Bind(context, "tojson", "ensure_ascii", "indent", "separators");
        if (bound[0] is not (Missing or false))
        {
            throw context.Fault(arguments.Offset, "the argument 'ensure_ascii' of 'tojson' is supported as false");
        }

        int? indent = bound[1] switch
        {
            Missing or null => null,
            >= 0L and <= 16L => (int)(long)bound[1]!,
            _ => throw context.Fault(arguments.Offset, "the argument 'indent' of 'tojson' is supported from 0 to 16"),
        };
        var (item, key) = bound[2] switch
        {
            Missing or null => (MarkedText.Trusted(indent is null ? ", " : ","), MarkedText.Trusted(": ")),
            List<object?> and [MarkedText first, MarkedText second] => (first, second),
            _ => throw context.Fault(arguments.Offset, "the argument 'separators' of 'tojson' is supported as two texts"),
        };
        return new TemplateJson(context, indent, item, key, arguments.Offset).Write(value);
    }

    private static MarkedText Indent(RenderContext context, object? value, CallArguments arguments)
    {
        var bound = arguments.Bind(context, "indent", "width", "first", "blank");
        var width = bound[0] switch
        {
            Missing => MarkedText.Trusted("    "),
            MarkedText given => given,
            >= 0L and <= 64L => MarkedText.Trusted(new string(' ', (int)(long)bound[0]!)),
            _ => throw context.Fault(arguments.Offset, "the argument 'width' of 'indent' is supported as a text, or from 0 to 64"),
        };
        var (first, blank) = (bound[1] is not Missing && TemplateOperators.IsTrue(bound[1]), bound[2] is not Missing && TemplateOperators.IsTrue(bound[2]));
        var builder = new MarkedTextBuilder(context.Limits);
        var text = TemplateText.Print(context, value);
        for (var start = 0; start <= text.Value.Length;)
        {
            var end = text.Value.IndexOf('\n', start) is var found && found < 0 ? text.Value.Length : found;
            if (start == 0 ? first : end > start || blank)
            {
                builder.Append(width);
            }

            builder.Append(text.Slice(start, Math.Min(end + 1, text.Value.Length) - start));
            start = end + 1;
        }

        return builder.ToText();
    }

    private static object? ToInteger(RenderContext context, object? value, CallArguments arguments)
    {
        var fallback = arguments.Bind(context, "int", "default")[0] is var given && given is Missing ? 0L : given;
        return value switch
        {
            bool or long => TemplateOperators.Number(value),
            double number when Math.Abs(number) < 1e18 => (long)number,
            MarkedText text when long.TryParse(text.Value.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
            MarkedText text when double.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < 1e18 => (long)number,
            _ => fallback,
        };
    }

    private static object? ToReal(RenderContext context, object? value, CallArguments arguments)
    {
        var fallback = arguments.Bind(context, "float", "default")[0] is var given && given is Missing ? 0.0 : given;
        return TemplateOperators.Number(value) is { } number ? TemplateOperators.Real(number)
            : value is MarkedText text && double.TryParse(text.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : fallback;
    }

    private static List<object?> Select(RenderContext context, object? value, CallArguments arguments, string name, bool byField, bool keeps)
    {
        var start = byField ? 1 : 0;
        var field = byField ? FieldName(context, name, arguments) : "";
        var test = arguments.Positional.Count > start ? ((MarkedText)arguments.Positional[start]!).Value : null;
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(start + 1)] };
        return [.. Items(context, value, arguments).Where(item =>
        {
            context.Limits.Step();
            var tested = byField ? Field(context, item, field, arguments.Offset) : item;
            return keeps == (test is null ? TemplateOperators.IsTrue(tested) : TemplateTests.Apply(context, test, tested, rest));
        })];
    }

    private static List<object?> Map(RenderContext context, object? value, CallArguments arguments)
    {
        var items = Items(context, value, arguments);
        context.Limits.RequireItems(items.Count);
        if (arguments.Positional.Count > 0)
        {
            var filter = ((MarkedText)arguments.Positional[0]!).Value;
            var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
            return items.ConvertAll(item => Apply(context, filter, item, rest));
        }

        var bound = arguments.Bind(context, "map", "attribute", "default");
        var field = bound[0] as MarkedText ?? throw context.Fault(arguments.Offset, "'map' needs a filter's name, or the argument 'attribute' with a text");
        return items.ConvertAll(item =>
            Field(context, item, field.Value, arguments.Offset) is var found && found is Undefined && bound[1] is not Missing ? bound[1] : found);
    }

    private static string FieldName(RenderContext context, string name, CallArguments arguments) =>
        arguments.Positional is [MarkedText field, ..] ? field.Value : throw context.Fault(arguments.Offset, $"'{name}' needs the name of a field");

    /// <summary>A field, or one in a field: <c>a.b</c>.</summary>
    private static object? Field(RenderContext context, object? item, string path, int offset) => path.Split('.').Aggregate(item, (value, name) =>
        new FieldExpression(new LiteralExpression(value, offset), name, offset).Evaluate(context, new TemplateScope(null)));
}
