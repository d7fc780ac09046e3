using System.Globalization;

namespace Swarm.Text.Templates;

/// <summary>What operators do with values, as in Python.</summary>
internal static class TemplateOperators
{
    /// <summary>Name of a value's type, for messages.</summary>
    public static string TypeOf(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"'{undefined.Name}', which is undefined",
        bool => "a boolean",
        long or double => "a number",
        MarkedText => "a text",
        List<object?> => "a list",
        TemplateMap => "a mapping",
        TemplateNamespace => "a namespace",
        _ => "something that is called",
    };

    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        MarkedText text => text.Value.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    /// <summary>Whether two values are equal.</summary>
    public static bool AreEqual(RenderContext context, object? left, object? right, int depth = 0)
    {
        context.Limits.RequireDepth(depth);
        return (left, right) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (MarkedText a, MarkedText b) => AreEqual(context, a, b),
            (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => AreEqual(context, pair.First, pair.Second, depth + 1)),
            (TemplateMap a, TemplateMap b) => a.Count == b.Count
                && a.Items.All(item => b.TryGet(item.Key.Value, out var other) && AreEqual(context, item.Value, other, depth + 1)),
            _ when Number(left) is { } a && Number(right) is { } b => a.Equals(b) || (a is not double && b is not double ? Whole(a) == Whole(b) : Real(a) == Real(b)),
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Compares two values by size.</summary>
    public static int Compare(RenderContext context, object? left, object? right, int offset)
    {
        context.Limits.Step();
        if (left is MarkedText a && right is MarkedText b)
        {
            context.Limits.Handle(a);
            return string.CompareOrdinal(a.Value, b.Value);
        }

        if (Number(left) is { } first && Number(right) is { } second)
        {
            return first is double || second is double ? Real(first).CompareTo(Real(second)) : Whole(first).CompareTo(Whole(second));
        }

        throw context.Fault(offset, $"{TypeOf(left)} and {TypeOf(right)} cannot be compared by size");
    }

    /// <summary>Whether a value is in another one.</summary>
    public static bool Contains(RenderContext context, object? container, object? item, int offset)
    {
        switch (container)
        {
            case MarkedText text when item is MarkedText part:
                context.Limits.Handle(text);
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case List<object?> list:
                return list.Exists(element => AreEqual(context, element, item));
            case TemplateMap map:
                return item is MarkedText key && map.TryGet(key.Value, out _);
            case Undefined:
                return false;
            default:
                throw context.Fault(offset, $"{TypeOf(item)} cannot be looked for in {TypeOf(container)}");
        }
    }

    /// <summary>Adds two values.</summary>
    public static object? Add(RenderContext context, object? left, object? right, int offset)
    {
        switch (left, right)
        {
            case (MarkedText a, MarkedText b):
                return Concatenate(context, a, b);
            case (List<object?> a, List<object?> b):
                context.Limits.RequireItems(a.Count + (long)b.Count);
                return a.Concat(b).ToList();
            default:
                return Calculate(context, "+", left, right, offset);
        }
    }

    /// <summary>Puts two texts together.</summary>
    public static MarkedText Concatenate(RenderContext context, MarkedText left, MarkedText right)
    {
        var builder = new MarkedTextBuilder(context.Limits);
        builder.Append(left);
        builder.Append(right);
        return builder.ToText();
    }

    /// <summary>Calculates with two numbers, or repeats a text.</summary>
    public static object? Calculate(RenderContext context, string operation, object? left, object? right, int offset)
    {
        if (operation == "*" && left is MarkedText text && right is long count)
        {
            context.Limits.RequireLength(text.Value.Length * Math.Clamp(count, 0, int.MaxValue), 0);
            var builder = new MarkedTextBuilder(context.Limits);
            for (long index = 0; index < count && text.Value.Length > 0; index++)
            {
                builder.Append(text);
            }

            return builder.ToText();
        }

        if (Number(left) is not { } a || Number(right) is not { } b)
        {
            throw context.Fault(offset, $"'{operation}' is not supported for {TypeOf(left)} and {TypeOf(right)}");
        }

        try
        {
            return a is double || b is double || operation == "/" || (operation == "**" && Whole(b) < 0)
                ? Calculate(operation, Real(a), Real(b))
                : Calculate(operation, Whole(a), Whole(b));
        }
        catch (ArithmeticException)
        {
            throw context.Fault(offset, $"'{operation}' has no result for {a} and {b}, or one beyond 64 bits");
        }
    }

    /// <summary>A number; <see langword="null"/> for other values.</summary>
    public static object? Number(object? value) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long or double => value,
        _ => null,
    };

    /// <summary>A number as a real one.</summary>
    public static double Real(object number) => Convert.ToDouble(number, CultureInfo.InvariantCulture);

    private static bool AreEqual(RenderContext context, MarkedText left, MarkedText right)
    {
        context.Limits.Handle(left);
        return left.Equals(right);
    }

    private static long Whole(object number) => (long)number;

    private static double Calculate(string operation, double left, double right) => operation switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => right == 0 ? throw new DivideByZeroException() : left / right,
        "//" => right == 0 ? throw new DivideByZeroException() : Math.Floor(left / right),
        "%" => right == 0 ? throw new DivideByZeroException() : left - (right * Math.Floor(left / right)),
        _ => Math.Pow(left, right),
    };

    private static object Calculate(string operation, long left, long right)
    {
        checked
        {
            switch (operation)
            {
                case "+":
                    return left + right;
                case "-":
                    return left - right;
                case "*":
                    return left * right;
                case "//":
                    return (left / right) - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0);
                case "%":
                    return right == -1 ? 0 : ((left % right) + right) % right;
                default:
                    var power = 1L;
                    for (var index = 0L; index < right && power is not (0 or 1 or -1) | index == 0; index++)
                    {
                        power *= left;
                    }

                    return left == -1 ? (right % 2 == 0 ? 1L : -1L) : power;
            }
        }
    }
}
