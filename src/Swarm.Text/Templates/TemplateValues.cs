namespace Swarm.Text.Templates;

// A template's values are: null for none, bool, long, double, MarkedText, List<object?>, TemplateMap, and the types below.

/// <summary>What a name that was never set, or a field that is not there, gives: the empty text, and nothing that has fields.</summary>
/// <param name="name">What was looked for.</param>
internal sealed class Undefined(string name)
{
    /// <summary>What was looked for.</summary>
    public string Name => name;
}

/// <summary>A tuple: a list that is printed in round brackets.</summary>
internal sealed class TemplateTuple(IEnumerable<object?> items) : List<object?>(items);

/// <summary>A mapping; keys are texts, in the order that they were added.</summary>
internal sealed class TemplateMap
{
    private readonly OrderedDictionary<string, object?> _items = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MarkedText> _keys = new(StringComparer.Ordinal);

    /// <summary>How many fields there are.</summary>
    public int Count => _items.Count;

    /// <summary>The fields.</summary>
    public IEnumerable<KeyValuePair<MarkedText, object?>> Items => _items.Select(item => new KeyValuePair<MarkedText, object?>(_keys[item.Key], item.Value));

    /// <summary>Sets a field.</summary>
    public void Set(MarkedText key, object? value) => (_keys[key.Value], _items[key.Value]) = (key, value);

    /// <summary>Gets a field.</summary>
    public bool TryGet(string key, out object? value) => _items.TryGetValue(key, out value);
}

/// <summary>What <c>namespace()</c> gives: fields that any scope may set.</summary>
internal sealed class TemplateNamespace
{
    /// <summary>The fields.</summary>
    public Dictionary<string, object?> Fields { get; } = new(StringComparer.Ordinal);
}

/// <summary>Something that a template calls.</summary>
/// <param name="name">Its name.</param>
/// <param name="call">What it does.</param>
internal sealed class TemplateCallable(string name, Func<RenderContext, CallArguments, object?> call)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Calls it.</summary>
    public object? Call(RenderContext context, CallArguments arguments) => call(context, arguments);
}

/// <summary>The variable <c>loop</c> of a <c>for</c>.</summary>
internal sealed class LoopState(IReadOnlyList<object?> items)
{
    /// <summary>The fields that there are.</summary>
    public static readonly string[] Fields = ["index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"];

    /// <summary>The current element's index.</summary>
    public int Index { get; set; }

    /// <summary>Gets a field.</summary>
    public object? Get(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => (long)items.Count - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("loop.previtem"),
        "nextitem" => Index < items.Count - 1 ? items[Index + 1] : new Undefined("loop.nextitem"),
        _ => new Undefined($"loop.{name}"),
    };
}

/// <summary>Arguments of a call, a filter or a test.</summary>
/// <param name="Positional">Those without a name.</param>
/// <param name="Named">Those with one.</param>
/// <param name="Offset">Where the call is.</param>
internal sealed record CallArguments(IReadOnlyList<object?> Positional, IReadOnlyList<(string Name, object? Value)> Named, int Offset)
{
    /// <summary>Puts arguments in the order of parameters.</summary>
    /// <param name="context">The rendering.</param>
    /// <param name="callee">Name of what is called, for messages.</param>
    /// <param name="parameters">Names of the parameters.</param>
    /// <returns>One value for each; <see cref="Missing"/> where none was given.</returns>
    public object?[] Bind(RenderContext context, string callee, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Count > parameters.Length)
        {
            throw context.Fault(Offset, $"'{callee}' has {Positional.Count} arguments; at most {parameters.Length} are supported");
        }

        var bound = new object?[parameters.Length];
        Array.Fill(bound, Missing.Value);
        for (var index = 0; index < Positional.Count; index++)
        {
            bound[index] = Positional[index];
        }

        foreach (var (name, value) in Named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0 || bound[index] is not Missing)
            {
                throw context.Fault(Offset, $"'{callee}' has the argument '{name}', which is {(index < 0 ? "not supported" : "there twice")}");
            }

            bound[index] = value;
        }

        return bound;
    }
}

/// <summary>An argument that was not given.</summary>
internal sealed class Missing
{
    /// <summary>The one value.</summary>
    public static Missing Value { get; } = new();
}
