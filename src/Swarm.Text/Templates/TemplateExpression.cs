using System.Runtime.CompilerServices;

namespace Swarm.Text.Templates;

/// <summary>A part of a template that has a value.</summary>
/// <param name="Offset">Where it is.</param>
internal abstract record TemplateExpression(int Offset)
{
    /// <summary>Evaluates it.</summary>
    public object? Evaluate(RenderContext context, TemplateScope scope)
    {
        context.Limits.Step();
        return RuntimeHelpers.TryEnsureSufficientExecutionStack()
            ? Compute(context, scope)
            : throw context.Fault(Offset, "the template nests values and calls too deep");
    }

    /// <summary>What it is about.</summary>
    protected abstract object? Compute(RenderContext context, TemplateScope scope);
}

/// <summary>A value that is written down.</summary>
internal sealed record LiteralExpression(object? Value, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope) => Value;
}

/// <summary>A variable.</summary>
internal sealed record NameExpression(string Name, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope) => scope.Get(Name);
}

/// <summary>A list or a tuple.</summary>
internal sealed record ListExpression(IReadOnlyList<TemplateExpression> Items, bool IsTuple, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var items = Items.Select(item => item.Evaluate(context, scope));
        return IsTuple ? new TemplateTuple(items) : items.ToList();
    }
}

/// <summary>A mapping.</summary>
internal sealed record MapExpression(IReadOnlyList<(TemplateExpression Key, TemplateExpression Value)> Items, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var map = new TemplateMap();
        foreach (var (key, value) in Items)
        {
            var name = key.Evaluate(context, scope);
            map.Set(
                name as MarkedText ?? throw context.Fault(key.Offset, $"{TemplateOperators.TypeOf(name)} is no key of a mapping; texts are supported"),
                value.Evaluate(context, scope));
        }

        return map;
    }
}

/// <summary>A field by its name.</summary>
internal sealed record FieldExpression(TemplateExpression Target, string Name, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope) => Target.Evaluate(context, scope) switch
    {
        TemplateMap map when map.TryGet(Name, out var value) => value,
        TemplateNamespace fields when fields.Fields.TryGetValue(Name, out var value) => value,
        LoopState loop => loop.Get(Name),
        Undefined undefined => throw context.Fault(Offset, $"'{undefined.Name}' is undefined, so it has no '{Name}'"),
        _ => new Undefined(Name),
    };
}

/// <summary>An element by its index or its key.</summary>
internal sealed record IndexExpression(TemplateExpression Target, TemplateExpression Index, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var (target, index) = (Target.Evaluate(context, scope), Index.Evaluate(context, scope));
        switch (target, index)
        {
            case (TemplateMap map, MarkedText key):
                context.Limits.Handle(key);
                return map.TryGet(key.Value, out var value) ? value : new Undefined(key.Value);
            case (TemplateNamespace fields, MarkedText key):
                return fields.Fields.TryGetValue(key.Value, out var field) ? field : new Undefined(key.Value);
            case (List<object?> list, long or bool):
                var at = Position(index, list.Count);
                return at >= 0 && at < list.Count ? list[(int)at] : new Undefined($"element {index}");
            case (MarkedText text, long or bool):
                var character = Position(index, text.Length);
                context.Limits.Handle(text);
                return character >= 0 && character < text.Length ? text.Characters((int)character, 1) : new Undefined($"character {index}");
            case (Undefined undefined, _):
                throw context.Fault(Offset, $"'{undefined.Name}' is undefined, so it has no elements");
            default:
                return new Undefined(index is MarkedText name ? name.Value : "element");
        }
    }

    private static long Position(object? index, int count)
    {
        var at = index is long number ? number : index is true ? 1 : 0;
        return at < 0 ? at + count : at;
    }
}

/// <summary>A part of a list or a text: <c>[start:stop:step]</c>.</summary>
internal sealed record SliceExpression(TemplateExpression Target, TemplateExpression? Start, TemplateExpression? Stop, TemplateExpression? Step, int Offset)
    : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var target = Target.Evaluate(context, scope);
        var count = target switch
        {
            List<object?> list => list.Count,
            MarkedText text => text.Length,
            _ => throw context.Fault(Offset, $"{TemplateOperators.TypeOf(target)} has no slices; lists and texts have"),
        };
        var step = Bound(context, scope, Step) ?? 1;
        if (step == 0 || (step != 1 && target is MarkedText && step != -1))
        {
            throw context.Fault(Offset, $"a slice with the step {step} is not supported; of texts those with 1 and -1 are");
        }

        var (lowest, highest) = step > 0 ? (0L, (long)count) : (-1L, count - 1L);
        var start = Clamp(Bound(context, scope, Start), count, lowest, highest) ?? (step > 0 ? lowest : highest);
        var stop = Clamp(Bound(context, scope, Stop), count, lowest, highest) ?? (step > 0 ? highest : lowest);
        if (target is MarkedText whole && step == 1)
        {
            context.Limits.Handle(whole);
            return stop > start ? whole.Characters((int)start, (int)(stop - start)) : MarkedText.Empty;
        }

        context.Limits.RequireItems(count);
        var items = new List<object?>();
        for (var index = start; step > 0 ? index < stop : index > stop; index = step > 0 && index > stop - step ? stop : index + step)
        {
            items.Add(target is MarkedText text ? text.Characters((int)index, 1) : ((List<object?>)target!)[(int)index]);
        }

        return target is MarkedText ? TemplateFilters.Join(context, items, MarkedText.Empty) : items;
    }

    private long? Bound(RenderContext context, TemplateScope scope, TemplateExpression? bound) => bound?.Evaluate(context, scope) switch
    {
        null => null,
        long number => number,
        var other => throw context.Fault(Offset, $"{TemplateOperators.TypeOf(other)} is no bound of a slice; integers are"),
    };

    private static long? Clamp(long? bound, int count, long lowest, long highest) =>
        bound is { } value ? Math.Clamp(value < 0 ? value + count : value, lowest, highest) : null;
}

/// <summary><c>not</c>, <c>-</c> or <c>+</c> before a value.</summary>
internal sealed record UnaryExpression(string Operator, TemplateExpression Operand, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var value = Operand.Evaluate(context, scope);
        return Operator == "not" ? !TemplateOperators.IsTrue(value) : TemplateOperators.Calculate(context, Operator, 0L, value, Offset);
    }
}

/// <summary>An operator between two values.</summary>
internal sealed record BinaryExpression(string Operator, TemplateExpression Left, TemplateExpression Right, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var left = Left.Evaluate(context, scope);
        switch (Operator)
        {
            case "and":
                return TemplateOperators.IsTrue(left) ? Right.Evaluate(context, scope) : left;
            case "or":
                return TemplateOperators.IsTrue(left) ? left : Right.Evaluate(context, scope);
        }

        var right = Right.Evaluate(context, scope);
        return Operator switch
        {
            "+" => TemplateOperators.Add(context, left, right, Offset),
            "~" => TemplateOperators.Concatenate(context, TemplateText.Print(context, left), TemplateText.Print(context, right)),
            _ => TemplateOperators.Calculate(context, Operator, left, right, Offset),
        };
    }
}

/// <summary>Comparisons, which may follow each other: <c>a &lt; b &lt; c</c>.</summary>
internal sealed record CompareExpression(TemplateExpression First, IReadOnlyList<(string Operator, TemplateExpression Operand)> Rest, int Offset)
    : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var left = First.Evaluate(context, scope);
        foreach (var (operation, operand) in Rest)
        {
            var right = operand.Evaluate(context, scope);
            if (!Holds(context, operation, left, right, Offset))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    /// <summary>Whether a comparison holds.</summary>
    public static bool Holds(RenderContext context, string operation, object? left, object? right, int offset) => operation switch
    {
        "==" => TemplateOperators.AreEqual(context, left, right),
        "!=" => !TemplateOperators.AreEqual(context, left, right),
        "in" => TemplateOperators.Contains(context, right, left, offset),
        "not in" => !TemplateOperators.Contains(context, right, left, offset),
        "<" => TemplateOperators.Compare(context, left, right, offset) < 0,
        "<=" => TemplateOperators.Compare(context, left, right, offset) <= 0,
        ">" => TemplateOperators.Compare(context, left, right, offset) > 0,
        _ => TemplateOperators.Compare(context, left, right, offset) >= 0,
    };
}

/// <summary><c>a if b else c</c>.</summary>
internal sealed record ConditionalExpression(TemplateExpression Condition, TemplateExpression Then, TemplateExpression? Else, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope) => TemplateOperators.IsTrue(Condition.Evaluate(context, scope))
        ? Then.Evaluate(context, scope)
        : Else is null ? new Undefined("the value of an 'if' without 'else'") : Else.Evaluate(context, scope);
}

/// <summary>Arguments as they are written.</summary>
internal sealed record ArgumentList(IReadOnlyList<TemplateExpression> Positional, IReadOnlyList<(string Name, TemplateExpression Value)> Named)
{
    /// <summary>Evaluates them.</summary>
    public CallArguments Evaluate(RenderContext context, TemplateScope scope, int offset) => new(
        [.. Positional.Select(item => item.Evaluate(context, scope))],
        [.. Named.Select(item => (item.Name, item.Value.Evaluate(context, scope)))],
        offset);
}

/// <summary>A function or a macro that is called.</summary>
internal sealed record CallExpression(string Name, ArgumentList Arguments, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope) => scope.Get(Name) is TemplateCallable callable
        ? callable.Call(context, Arguments.Evaluate(context, scope, Offset))
        : throw context.Fault(Offset, $"'{Name}' cannot be called");
}

/// <summary>A method that is called.</summary>
internal sealed record MethodExpression(TemplateExpression Target, string Name, ArgumentList Arguments, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var target = Target.Evaluate(context, scope);
        return TemplateMethods.Call(context, target, Name, Arguments.Evaluate(context, scope, Offset));
    }
}

/// <summary><c>value | filter(…)</c>.</summary>
internal sealed record FilterExpression(TemplateExpression Target, string Name, ArgumentList Arguments, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var target = Target.Evaluate(context, scope);
        return TemplateFilters.Apply(context, Name, target, Arguments.Evaluate(context, scope, Offset));
    }
}

/// <summary><c>value is test(…)</c>.</summary>
internal sealed record TestExpression(TemplateExpression Target, string Name, bool IsNegated, ArgumentList Arguments, int Offset) : TemplateExpression(Offset)
{
    protected override object? Compute(RenderContext context, TemplateScope scope)
    {
        var target = Target.Evaluate(context, scope);
        return TemplateTests.Apply(context, Name, target, Arguments.Evaluate(context, scope, Offset)) != IsNegated;
    }
}
