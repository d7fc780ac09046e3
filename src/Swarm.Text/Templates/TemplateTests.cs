namespace Swarm.Text.Templates;

/// <summary>What may stand behind <c>is</c>.</summary>
internal static class TemplateTests
{
    private static readonly Dictionary<string, string> _comparisons = new(StringComparer.Ordinal)
    {
        ["eq"] = "==",
        ["equalto"] = "==",
        ["=="] = "==",
        ["ne"] = "!=",
        ["!="] = "!=",
        ["lt"] = "<",
        ["lessthan"] = "<",
        ["le"] = "<=",
        ["gt"] = ">",
        ["greaterthan"] = ">",
        ["ge"] = ">=",
        ["in"] = "in",
    };

    private static readonly Dictionary<string, Func<object?, bool>> _types = new(StringComparer.Ordinal)
    {
        ["defined"] = value => value is not Undefined,
        ["undefined"] = value => value is Undefined,
        ["none"] = value => value is null,
        ["string"] = value => value is MarkedText,
        ["mapping"] = value => value is TemplateMap,
        ["sequence"] = value => value is MarkedText or TemplateMap or List<object?> or Undefined,
        ["iterable"] = value => value is MarkedText or TemplateMap or List<object?> or Undefined,
        ["true"] = value => value is true,
        ["false"] = value => value is false,
        ["boolean"] = value => value is bool,
        ["number"] = value => value is bool or long or double,
        ["integer"] = value => value is long,
        ["float"] = value => value is double,
        ["callable"] = value => value is TemplateCallable,
    };

    private static readonly string[] _divisions = ["odd", "even", "divisibleby"];

    /// <summary>The tests that there are.</summary>
    public static string Names => string.Join(", ", _types.Keys.Concat(_comparisons.Keys).Concat(_divisions));

    /// <summary>Whether there is a test.</summary>
    public static bool IsKnown(string name) => _types.ContainsKey(name) || _comparisons.ContainsKey(name) || _divisions.Contains(name);

    /// <summary>Tests a value.</summary>
    public static bool Apply(RenderContext context, string name, object? value, CallArguments arguments)
    {
        if (_types.TryGetValue(name, out var test))
        {
            _ = arguments.Bind(context, name);
            return test(value);
        }

        if (_comparisons.TryGetValue(name, out var operation))
        {
            return CompareExpression.Holds(context, operation, value, arguments.Bind(context, name, "other")[0], arguments.Offset);
        }

        var divisor = name == "divisibleby" ? arguments.Bind(context, name, "num")[0] : 2L;
        var rest = TemplateOperators.Calculate(context, "%", value, divisor, arguments.Offset);
        return TemplateOperators.AreEqual(context, rest, name == "odd" ? 1L : 0L);
    }
}
