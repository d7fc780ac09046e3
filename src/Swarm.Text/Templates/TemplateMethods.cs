namespace Swarm.Text.Templates;

/// <summary>Methods of texts and mappings, as Python has them.</summary>
internal static class TemplateMethods
{
    private static readonly Dictionary<string, Func<RenderContext, MarkedText, CallArguments, object?>> _ofTexts = new(StringComparer.Ordinal)
    {
        ["strip"] = (context, text, arguments) => Strip(context, text, arguments, "strip", left: true, right: true),
        ["lstrip"] = (context, text, arguments) => Strip(context, text, arguments, "lstrip", left: true, right: false),
        ["rstrip"] = (context, text, arguments) => Strip(context, text, arguments, "rstrip", left: false, right: true),
        ["split"] = (context, text, arguments) => Split(context, text, arguments, fromEnd: false),
        ["rsplit"] = (context, text, arguments) => Split(context, text, arguments, fromEnd: true),
        ["splitlines"] = (context, text, arguments) => SplitLines(context, text, arguments),
        ["startswith"] = (context, text, arguments) => Affixes(context, arguments, "startswith").Any(affix => text.Value.StartsWith(affix, StringComparison.Ordinal)),
        ["endswith"] = (context, text, arguments) => Affixes(context, arguments, "endswith").Any(affix => text.Value.EndsWith(affix, StringComparison.Ordinal)),
        ["removeprefix"] = (context, text, arguments) => Affixes(context, arguments, "removeprefix") is [var affix] && text.Value.StartsWith(affix, StringComparison.Ordinal)
            ? text.Slice(affix.Length, text.Value.Length - affix.Length)
            : text,
        ["removesuffix"] = (context, text, arguments) => Affixes(context, arguments, "removesuffix") is [var affix] && text.Value.EndsWith(affix, StringComparison.Ordinal)
            ? text.Slice(0, text.Value.Length - affix.Length)
            : text,
        ["upper"] = (context, text, arguments) => Upper(Checked(context, "upper", text, arguments)),
        ["lower"] = (context, text, arguments) => Lower(Checked(context, "lower", text, arguments)),
        ["title"] = (context, text, arguments) => Title(Checked(context, "title", text, arguments), char.IsLetter),
        ["capitalize"] = (context, text, arguments) => Capitalize(Checked(context, "capitalize", text, arguments)),
        ["replace"] = Replace,
        ["find"] = (context, text, arguments) => text.Value.IndexOf(Text(context, arguments, "find", "sub").Value, StringComparison.Ordinal) is var found && found < 0
            ? -1L
            : text.Slice(0, found).Length,
        ["count"] = (context, text, arguments) => Count(context, text, arguments),
        ["join"] = (context, text, arguments) => TemplateFilters.Join(
            context, TemplateFilters.Items(context, arguments.Bind(context, "join", "iterable")[0], arguments), text),
        ["isdigit"] = (context, text, arguments) => Checked(context, "isdigit", text, arguments).Value is { Length: > 0 } value && value.All(char.IsDigit),
        ["isspace"] = (context, text, arguments) => Checked(context, "isspace", text, arguments).Value is { Length: > 0 } value && value.All(TemplateLexer.IsSpace),
    };

    private static readonly string[] _ofMaps = ["items", "keys", "values", "get"];

    /// <summary>The methods that there are.</summary>
    public static string Names => string.Join(", ", _ofTexts.Keys.Concat(_ofMaps));

    /// <summary>Whether there is a method.</summary>
    public static bool IsKnown(string name) => _ofTexts.ContainsKey(name) || _ofMaps.Contains(name);

    /// <summary>Calls a method.</summary>
    public static object? Call(RenderContext context, object? target, string name, CallArguments arguments)
    {
        switch (target)
        {
            case MarkedText text when _ofTexts.TryGetValue(name, out var method):
                context.Limits.Handle(text);
                return method(context, text, arguments);
            case TemplateMap map when _ofMaps.Contains(name):
                context.Limits.RequireItems(map.Count);
                return CallMap(context, map, name, arguments);
            case Undefined undefined:
                throw context.Fault(arguments.Offset, $"'{undefined.Name}' is undefined, so it has no method '{name}'");
            default:
                throw context.Fault(arguments.Offset, $"{TemplateOperators.TypeOf(target)} has no method '{name}'");
        }
    }

    /// <summary>Capital letters.</summary>
    public static MarkedText Upper(MarkedText text) => text.With(text.Value.ToUpperInvariant());

    /// <summary>Small letters.</summary>
    public static MarkedText Lower(MarkedText text) => text.With(text.Value.ToLowerInvariant());

    /// <summary>A capital letter first, and small ones behind it.</summary>
    public static MarkedText Capitalize(MarkedText text) => text.Value.Length == 0
        ? text
        : text.With(text.Value[..1].ToUpperInvariant() + text.Value[1..].ToLowerInvariant());

    /// <summary>A capital letter first in each word, and small ones behind it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isOfWord">Whether a word goes on behind a character.</param>
    public static MarkedText Title(MarkedText text, Func<char, bool> isOfWord)
    {
        var units = text.Value.ToLowerInvariant().ToCharArray();
        for (var index = 0; index < units.Length; index++)
        {
            if (index == 0 || !isOfWord(units[index - 1]))
            {
                units[index] = char.ToUpperInvariant(units[index]);
            }
        }

        return text.With(new string(units));
    }

    private static object? CallMap(RenderContext context, TemplateMap map, string name, CallArguments arguments)
    {
        if (name == "get")
        {
            var bound = arguments.Bind(context, "get", "key", "default");
            return bound[0] is MarkedText key && map.TryGet(key.Value, out var value) ? value : bound[1] is Missing ? null : bound[1];
        }

        _ = arguments.Bind(context, name);
        return map.Items.Select(object? (item) => name switch
        {
            "keys" => item.Key,
            "values" => item.Value,
            _ => new TemplateTuple([item.Key, item.Value]),
        }).ToList();
    }

    private static MarkedText Checked(RenderContext context, string name, MarkedText text, CallArguments arguments)
    {
        _ = arguments.Bind(context, name);
        return text;
    }

    private static MarkedText Text(RenderContext context, CallArguments arguments, string name, string parameter) =>
        arguments.Bind(context, name, parameter)[0] as MarkedText ?? throw context.Fault(arguments.Offset, $"'{name}' needs a text");

    private static MarkedText Strip(RenderContext context, MarkedText text, CallArguments arguments, string name, bool left, bool right) =>
        arguments.Bind(context, name, "chars")[0] switch
        {
            Missing or null => text.Trim(TemplateLexer.IsSpace, left, right),
            MarkedText chars => text.Trim(unit => chars.Value.Contains(unit, StringComparison.Ordinal), left, right),
            _ => throw context.Fault(arguments.Offset, $"the argument of '{name}' is supported as a text"),
        };

    private static List<string> Affixes(RenderContext context, CallArguments arguments, string name) => arguments.Bind(context, name, "prefix")[0] switch
    {
        MarkedText text => [text.Value],
        List<object?> list when list.TrueForAll(item => item is MarkedText) => [.. list.Select(item => ((MarkedText)item!).Value)],
        _ => throw context.Fault(arguments.Offset, $"the argument of '{name}' is supported as a text or a tuple of texts"),
    };

    private static long Limit(RenderContext context, CallArguments arguments, string name, object? given) => given switch
    {
        Missing => -1,
        long number => number,
        _ => throw context.Fault(arguments.Offset, $"the second argument of '{name}' is supported as an integer"),
    };

    private static object? Count(RenderContext context, MarkedText text, CallArguments arguments)
    {
        var part = Text(context, arguments, "count", "sub").Value;
        return part.Length == 0 ? text.Length + 1L : (text.Value.Split(part).Length - 1L);
    }

    private static MarkedText Replace(RenderContext context, MarkedText text, CallArguments arguments)
    {
        var bound = arguments.Bind(context, "replace", "old", "new", "count");
        if (bound[0] is not MarkedText { Value.Length: > 0 } old || bound[1] is not MarkedText replacement)
        {
            throw context.Fault(arguments.Offset, "'replace' needs two texts, the first not empty");
        }

        var left = Limit(context, arguments, "replace", bound[2]);
        var builder = new MarkedTextBuilder(context.Limits);
        var start = 0;
        for (; left != 0 && text.Value.IndexOf(old.Value, start, StringComparison.Ordinal) is var found and >= 0; left--)
        {
            builder.Append(text.Slice(start, found - start));
            builder.Append(replacement);
            start = found + old.Value.Length;
        }

        builder.Append(text.Slice(start, text.Value.Length - start));
        return builder.ToText();
    }

    private static List<object?> Split(RenderContext context, MarkedText text, CallArguments arguments, bool fromEnd)
    {
        var bound = arguments.Bind(context, "split", "sep", "maxsplit");
        var most = Limit(context, arguments, "split", bound[1]);
        if (bound[0] is not (Missing or null or MarkedText { Value.Length: > 0 }))
        {
            throw context.Fault(arguments.Offset, "the first argument of 'split' is supported as a text that is not empty");
        }

        // The parts between separators, from the beginning; then those that are too many go together again.
        var parts = bound[0] is MarkedText separator ? Between(text, separator.Value) : Words(text);
        context.Limits.RequireItems(parts.Count);
        if (most >= 0 && parts.Count > most + 1)
        {
            var joined = fromEnd ? (0, parts[^((int)most + 1)].End) : (parts[(int)most].Start, text.Value.Length);
            parts = fromEnd ? [joined, .. parts[^(int)most..]] : [.. parts[..(int)most], joined];
        }

        return parts.ConvertAll(object? (part) => text.Slice(part.Start, part.End - part.Start));
    }

    private static List<(int Start, int End)> Between(MarkedText text, string separator)
    {
        var parts = new List<(int Start, int End)>();
        var start = 0;
        while (text.Value.IndexOf(separator, start, StringComparison.Ordinal) is var found and >= 0)
        {
            parts.Add((start, found));
            start = found + separator.Length;
        }

        parts.Add((start, text.Value.Length));
        return parts;
    }

    private static List<(int Start, int End)> Words(MarkedText text)
    {
        var parts = new List<(int Start, int End)>();
        for (var index = 0; index < text.Value.Length; index++)
        {
            if (TemplateLexer.IsSpace(text.Value[index]))
            {
                continue;
            }

            var start = index;
            while (index < text.Value.Length && !TemplateLexer.IsSpace(text.Value[index]))
            {
                index++;
            }

            parts.Add((start, index));
        }

        return parts;
    }

    private static List<object?> SplitLines(RenderContext context, MarkedText text, CallArguments arguments)
    {
        _ = arguments.Bind(context, "splitlines");
        var lines = Between(new MarkedText(text.Value.Replace('\r', '\n'), []), "\n");
        if (text.Value.Contains('\r', StringComparison.Ordinal))
        {
            throw context.Fault(arguments.Offset, "'splitlines' is supported for texts without carriage returns");
        }

        if (lines[^1].Start == lines[^1].End)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        context.Limits.RequireItems(lines.Count);
        return lines.ConvertAll(object? (line) => text.Slice(line.Start, line.End - line.Start));
    }
}
