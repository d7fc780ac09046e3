using System.Globalization;

namespace Swarm.Text.Templates;

/// <summary>Writes a value as JSON, as transformers' <c>tojson</c> does: in its order, and with all characters but those that JSON escapes.</summary>
/// <param name="context">The rendering.</param>
/// <param name="indent">Spaces for each level; <see langword="null"/> for one line.</param>
/// <param name="itemSeparator">What stands between elements.</param>
/// <param name="keySeparator">What stands between a key and its value.</param>
/// <param name="offset">Where the filter is.</param>
internal sealed class TemplateJson(RenderContext context, int? indent, MarkedText itemSeparator, MarkedText keySeparator, int offset)
{
    private readonly MarkedTextBuilder _output = new(context.Limits);

    /// <summary>Writes a value.</summary>
    public MarkedText Write(object? value)
    {
        Write(value, 0);
        return _output.ToText();
    }

    private void Write(object? value, int depth)
    {
        context.Limits.RequireDepth(depth);
        switch (value)
        {
            case null:
                _output.Append("null");
                break;
            case bool flag:
                _output.Append(flag ? "true" : "false");
                break;
            case long number:
                _output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                _output.Append(TemplateText.OfReal(number));
                break;
            case MarkedText text:
                WriteText(text);
                break;
            case List<object?> list:
                WriteItems("[", "]", list, depth, item => Write(item, depth + 1));
                break;
            case TemplateMap map:
                WriteItems("{", "}", map.Items, depth, item =>
                {
                    WriteText(item.Key);
                    _output.Append(keySeparator);
                    Write(item.Value, depth + 1);
                });
                break;
            default:
                throw context.Fault(offset, $"{TemplateOperators.TypeOf(value)} cannot be written as JSON");
        }
    }

    private void WriteItems<T>(string open, string close, IEnumerable<T> items, int depth, Action<T> write)
    {
        _output.Append(open);
        var count = 0;
        foreach (var item in items)
        {
            if (count++ > 0)
            {
                _output.Append(itemSeparator);
            }

            NewLine(depth + 1);
            write(item);
        }

        if (count > 0)
        {
            NewLine(depth);
        }

        _output.Append(close);
    }

    private void NewLine(int level)
    {
        if (indent is { } spaces)
        {
            _output.Append("\n");
            _output.Append(new string(' ', spaces * level));
        }
    }

    private void WriteText(MarkedText text)
    {
        _output.Append("\"");
        TemplateText.Escape(text, _output, unit => unit switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < ' ' => $"\\u{(int)unit:x4}",
            _ => null,
        });
        _output.Append("\"");
    }
}
