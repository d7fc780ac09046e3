using System.Globalization;

namespace Swarm.Text.Templates;

/// <summary>Values as text, as Python prints them.</summary>
internal static class TemplateText
{
    /// <summary>A value as it is printed.</summary>
    public static MarkedText Print(RenderContext context, object? value)
    {
        switch (value)
        {
            case MarkedText text:
                return text;
            case Undefined:
                return MarkedText.Empty;
            default:
                var builder = new MarkedTextBuilder(context.Limits);
                Represent(context, value, builder, 0);
                return builder.ToText();
        }
    }

    /// <summary>A real number as Python writes it.</summary>
    public static string OfReal(double number)
    {
        if (!double.IsFinite(number))
        {
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }

        // The shortest digits that give the number again, and where the point is among them.
        var text = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var end = text.IndexOf('E', StringComparison.Ordinal);
        var power = end < 0 ? 0 : int.Parse(text.AsSpan(end + 1), CultureInfo.InvariantCulture);
        var mantissa = end < 0 ? text : text[..end];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal) is var found && found < 0 ? mantissa.Length : found;
        var all = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = all.TrimStart('0');
        point += power - (all.Length - digits.Length);
        digits = digits.TrimEnd('0');
        var sign = double.IsNegative(number) ? "-" : "";
        if (digits.Length == 0)
        {
            return $"{sign}0.0";
        }

        if (point is > 16 or < -3)
        {
            var fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(point > 0 ? '+' : '-')}{Math.Abs(point - 1):00}");
        }

        return point <= 0 ? $"{sign}0.{new string('0', -point)}{digits}"
            : point >= digits.Length ? $"{sign}{digits.PadRight(point, '0')}.0"
            : $"{sign}{digits[..point]}.{digits[point..]}";
    }

    private static void Represent(RenderContext context, object? value, MarkedTextBuilder output, int depth)
    {
        context.Limits.RequireDepth(depth);
        switch (value)
        {
            case null:
                output.Append("None");
                break;
            case bool flag:
                output.Append(flag ? "True" : "False");
                break;
            case long number:
                output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                output.Append(OfReal(number));
                break;
            case MarkedText text:
                RepresentText(text, output);
                break;
            case Undefined:
                output.Append("Undefined");
                break;
            case List<object?> list:
                output.Append(list is TemplateTuple ? "(" : "[");
                for (var index = 0; index < list.Count; index++)
                {
                    output.Append(index > 0 ? ", " : "");
                    Represent(context, list[index], output, depth + 1);
                }

                output.Append(list is not TemplateTuple ? "]" : list.Count == 1 ? ",)" : ")");
                break;
            case TemplateMap map:
                output.Append("{");
                var separator = "";
                foreach (var (key, field) in map.Items)
                {
                    output.Append(separator);
                    RepresentText(key, output);
                    output.Append(": ");
                    Represent(context, field, output, depth + 1);
                    separator = ", ";
                }

                output.Append("}");
                break;
            case TemplateNamespace:
                output.Append("<Namespace>");
                break;
            case TemplateCallable callable:
                output.Append($"<{callable.Name}>");
                break;
            default:
                output.Append("<loop>");
                break;
        }
    }

    private static void RepresentText(MarkedText text, MarkedTextBuilder output)
    {
        var quote = text.Value.Contains('\'', StringComparison.Ordinal) && !text.Value.Contains('"', StringComparison.Ordinal) ? "\"" : "'";
        output.Append(quote);
        Escape(text, output, unit => unit switch
        {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\'' when quote == "'" => "\\'",
            < ' ' or '\u007F' => $"\\x{(int)unit:x2}",
            _ => null,
        });
        output.Append(quote);
    }

    /// <summary>Adds a text with other characters for some; what stands for a marked one is marked.</summary>
    public static void Escape(MarkedText text, MarkedTextBuilder output, Func<char, string?> escape)
    {
        var plain = 0;
        for (var index = 0; index < text.Value.Length; index++)
        {
            if (escape(text.Value[index]) is not { } escaped)
            {
                continue;
            }

            output.Append(text.Slice(plain, index - plain));
            output.Append(escaped, text.IsMarked(index));
            plain = index + 1;
        }

        output.Append(text.Slice(plain, text.Value.Length - plain));
    }
}
