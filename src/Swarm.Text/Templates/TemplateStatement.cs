namespace Swarm.Text.Templates;

/// <summary>How a statement ended.</summary>
internal enum TemplateFlow
{
    /// <summary>What follows it comes next.</summary>
    Next,

    /// <summary>The loop around it ends.</summary>
    Break,

    /// <summary>The loop around it goes on with its next element.</summary>
    Continue,
}

/// <summary>A part of a template that makes output, or sets something.</summary>
internal abstract record TemplateStatement
{
    /// <summary>Runs it.</summary>
    public abstract TemplateFlow Run(RenderContext context, TemplateScope scope);
}

/// <summary>Statements one behind the other.</summary>
internal sealed record BlockStatement(IReadOnlyList<TemplateStatement> Body) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        foreach (var statement in Body)
        {
            if (statement.Run(context, scope) is var flow and not TemplateFlow.Next)
            {
                return flow;
            }
        }

        return TemplateFlow.Next;
    }
}

/// <summary>Text outside of tags.</summary>
internal sealed record DataStatement(MarkedText Text) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        context.Output.Append(Text);
        return TemplateFlow.Next;
    }
}

/// <summary><c>{{ … }}</c>.</summary>
internal sealed record OutputStatement(TemplateExpression Value) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        context.Output.Append(TemplateText.Print(context, Value.Evaluate(context, scope)));
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% if … %}</c>.</summary>
internal sealed record IfStatement(IReadOnlyList<(TemplateExpression Condition, BlockStatement Body)> Branches, BlockStatement Else) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        foreach (var (condition, body) in Branches)
        {
            if (TemplateOperators.IsTrue(condition.Evaluate(context, scope)))
            {
                return body.Run(context, scope);
            }
        }

        return Else.Run(context, scope);
    }
}

/// <summary><c>{% for … in … if … %}</c>.</summary>
internal sealed record ForStatement(
    IReadOnlyList<string> Names, TemplateExpression Items, TemplateExpression? Filter, BlockStatement Body, BlockStatement Else, int Offset) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        var items = TemplateFilters.ItemsOf(context, Items.Evaluate(context, scope), Offset);
        if (Filter is not null)
        {
            items = items.FindAll(item => TemplateOperators.IsTrue(Filter.Evaluate(context, Bind(context, new TemplateScope(scope), item))));
        }

        if (items.Count == 0)
        {
            return Else.Run(context, new TemplateScope(scope));
        }

        var loop = new LoopState(items);
        for (loop.Index = 0; loop.Index < items.Count; loop.Index++)
        {
            context.Limits.Step();
            var inner = Bind(context, new TemplateScope(scope), items[loop.Index]);
            inner.Set("loop", loop);
            if (Body.Run(context, inner) == TemplateFlow.Break)
            {
                break;
            }
        }

        return TemplateFlow.Next;
    }

    private TemplateScope Bind(RenderContext context, TemplateScope scope, object? item)
    {
        SetStatement.Assign(context, scope, Names, item, Offset);
        return scope;
    }
}

/// <summary><c>{% set name = … %}</c>, with one name or several.</summary>
internal sealed record SetStatement(IReadOnlyList<string> Names, TemplateExpression Value, int Offset) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        Assign(context, scope, Names, Value.Evaluate(context, scope), Offset);
        return TemplateFlow.Next;
    }

    /// <summary>Sets one variable, or several to the elements of a value.</summary>
    public static void Assign(RenderContext context, TemplateScope scope, IReadOnlyList<string> names, object? value, int offset)
    {
        if (names.Count == 1)
        {
            scope.Set(names[0], value);
            return;
        }

        var items = TemplateFilters.ItemsOf(context, value, offset);
        if (items.Count != names.Count)
        {
            throw context.Fault(offset, $"{items.Count} values cannot be given to {names.Count} names");
        }

        for (var index = 0; index < items.Count; index++)
        {
            scope.Set(names[index], items[index]);
        }
    }
}

/// <summary><c>{% set name.field = … %}</c>, of a namespace.</summary>
internal sealed record SetFieldStatement(string Name, string Field, TemplateExpression Value, int Offset) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        var target = scope.Get(Name) as TemplateNamespace ?? throw context.Fault(Offset, $"'{Name}' is no namespace, so its '{Field}' cannot be set");
        target.Fields[Field] = Value.Evaluate(context, scope);
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% set name %} … {% endset %}</c>.</summary>
internal sealed record CaptureStatement(string Name, BlockStatement Body) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        scope.Set(Name, context.Capture(() => Body.Run(context, new TemplateScope(scope))));
        return TemplateFlow.Next;
    }
}

/// <summary><c>{% macro name(…) %}</c>.</summary>
internal sealed record MacroStatement(string Name, IReadOnlyList<(string Name, TemplateExpression? Default)> Parameters, BlockStatement Body) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        scope.Set(Name, new TemplateCallable(Name, (caller, arguments) => Call(caller, scope, arguments)));
        return TemplateFlow.Next;
    }

    private MarkedText Call(RenderContext context, TemplateScope defined, CallArguments arguments)
    {
        var bound = arguments.Bind(context, Name, [.. Parameters.Select(parameter => parameter.Name)]);
        var scope = new TemplateScope(defined);
        context.Limits.RequireDepth(++context.CallDepth);
        for (var index = 0; index < bound.Length; index++)
        {
            var (name, fallback) = Parameters[index];
            scope.Set(name, bound[index] is not Missing ? bound[index] : fallback is null ? new Undefined(name) : fallback.Evaluate(context, scope));
        }

        var output = context.Capture(() => Body.Run(context, scope));
        context.CallDepth--;
        return output;
    }
}

/// <summary><c>{% break %}</c> or <c>{% continue %}</c>.</summary>
internal sealed record FlowStatement(TemplateFlow Flow) : TemplateStatement
{
    public override TemplateFlow Run(RenderContext context, TemplateScope scope)
    {
        context.Limits.Step();
        return Flow;
    }
}
