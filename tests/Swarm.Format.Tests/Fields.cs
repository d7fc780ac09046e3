using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;

namespace Swarm.Format.Tests;

/// <summary>Shows a value with all it holds, so that two values are equal when their texts are.</summary>
/// <remarks>Records compare lists and memory by reference; what a codec gives back has to be compared by content.</remarks>
internal static class Fields
{
    public static string Show(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case string or Id128 or Digest256 or Enum or IConvertible:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case DateTimeOffset time:
                text.Append(CultureInfo.InvariantCulture, $"{time:O}");
                break;
            case TenantKey key:
                text.Append(Convert.ToHexString(key.Bytes));
                break;
            case ReadOnlyMemory<byte> bytes:
                text.Append(Convert.ToHexString(bytes.Span));
                break;
            case ReadOnlyMemory<int> numbers:
                Append(text, numbers.ToArray());
                break;
            case IEnumerable items:
                text.Append('[');
                foreach (var item in items)
                {
                    Append(text, item);
                    text.Append(", ");
                }

                text.Append(']');
                break;
            default:
                AppendMembers(text, value);
                break;
        }
    }

    private static void AppendMembers(StringBuilder text, object value)
    {
        text.Append(value.GetType().Name).Append(" { ");
        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            const BindingFlags Own =
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
            foreach (var field in type.GetFields(Own))
            {
                text.Append(field.Name).Append(" = ");
                Append(text, field.GetValue(value));
                text.Append("; ");
            }
        }

        text.Append('}');
    }
}
