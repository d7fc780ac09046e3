using System.Globalization;
using System.Text;

namespace Swarm.Text.Templates;

/// <summary>Functions that every template has.</summary>
internal static class TemplateFunctions
{
    private const int MaxRange = 100_000;
    private const string DateCodes = "aAbBdeHIjmMpSyY%";

    private static readonly Dictionary<string, Func<RenderContext, CallArguments, object?>> _functions = new(StringComparer.Ordinal)
    {
        ["raise_exception"] = (context, arguments) => throw context.Fault(
            arguments.Offset, $"the template refuses the conversation: {TemplateText.Print(context, arguments.Bind(context, "raise_exception", "message")[0]).Value.TrimEnd('.')}"),
        ["strftime_now"] = FormatNow,
        ["namespace"] = MakeNamespace,
        ["dict"] = MakeMap,
        ["range"] = MakeRange,
    };

    /// <summary>The functions that there are.</summary>
    public static string Names => string.Join(", ", _functions.Keys);

    /// <summary>Whether there is a function.</summary>
    public static bool IsKnown(string name) => _functions.ContainsKey(name);

    /// <summary>Gives them to a rendering.</summary>
    public static void AddTo(TemplateScope scope)
    {
        foreach (var (name, function) in _functions)
        {
            scope.Set(name, new TemplateCallable(name, function));
        }
    }

    private static TemplateNamespace MakeNamespace(RenderContext context, CallArguments arguments)
    {
        _ = (arguments with { Named = [] }).Bind(context, "namespace");
        var result = new TemplateNamespace();
        foreach (var (name, value) in arguments.Named)
        {
            result.Fields[name] = value;
        }

        return result;
    }

    private static TemplateMap MakeMap(RenderContext context, CallArguments arguments)
    {
        _ = (arguments with { Named = [] }).Bind(context, "dict");
        var map = new TemplateMap();
        foreach (var (name, value) in arguments.Named)
        {
            map.Set(MarkedText.Trusted(name), value);
        }

        return map;
    }

    private static List<object?> MakeRange(RenderContext context, CallArguments arguments)
    {
        var numbers = arguments.Bind(context, "range", "start", "stop", "step").TakeWhile(value => value is not Missing).Select(value =>
            value as long? ?? throw context.Fault(arguments.Offset, "the arguments of 'range' are supported as integers")).ToArray();
        var (start, stop, step) = numbers switch
        {
            [var only] => (0L, only, 1L),
            [var first, var second] => (first, second, 1L),
            [var first, var second, not 0 and var third] => (first, second, third),
            _ => throw context.Fault(arguments.Offset, "'range' needs one to three arguments, and a step other than 0"),
        };
        var count = step > 0
            ? stop > start ? ((Int128)stop - start + step - 1) / step : 0
            : stop < start ? ((Int128)start - stop - step - 1) / -(Int128)step : 0;
        if (count > MaxRange)
        {
            throw context.Fault(arguments.Offset, $"'range' has {count} elements; up to {MaxRange} are supported");
        }

        context.Limits.RequireItems((long)count);
        return Enumerable.Range(0, (int)count).Select(object? (index) => start + (index * step)).ToList();
    }

    private static MarkedText FormatNow(RenderContext context, CallArguments arguments)
    {
        var format = arguments.Bind(context, "strftime_now", "format")[0] as MarkedText
            ?? throw context.Fault(arguments.Offset, "'strftime_now' needs a text");
        var (text, now) = (new StringBuilder(), context.Now);
        for (var index = 0; index < format.Value.Length; index++)
        {
            if (format.Value[index] != '%')
            {
                text.Append(format.Value[index]);
                continue;
            }

            var isBare = index + 1 < format.Value.Length && format.Value[index + 1] == '-'; // Without a leading zero.
            index += isBare ? 2 : 1;
            var code = index < format.Value.Length ? format.Value[index] : ' ';
            if (!DateCodes.Contains(code, StringComparison.Ordinal))
            {
                throw context.Fault(arguments.Offset, $"'strftime_now' has '%{code}'; %{string.Join(" %", DateCodes.ToCharArray())} are supported");
            }

            var part = Part(code, now);
            text.Append(isBare ? part.TrimStart('0') is { Length: > 0 } bare ? bare : "0" : part);
        }

        return MarkedText.Trusted(text.ToString());
    }

    private static string Part(char code, DateTimeOffset now)
    {
        var format = code switch
        {
            'a' => "ddd",
            'A' => "dddd",
            'b' => "MMM",
            'B' => "MMMM",
            'd' => "dd",
            'H' => "HH",
            'I' => "hh",
            'm' => "MM",
            'M' => "mm",
            'p' => "tt",
            'S' => "ss",
            'y' => "yy",
            _ => "yyyy",
        };
        return code switch
        {
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            '%' => "%",
            _ => now.ToString(format, CultureInfo.InvariantCulture),
        };
    }
}
