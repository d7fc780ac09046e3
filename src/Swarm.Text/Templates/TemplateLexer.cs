using System.Globalization;
using System.Text;

namespace Swarm.Text.Templates;

/// <summary>Cuts a template into tokens, with <c>trim_blocks</c> and <c>lstrip_blocks</c> on, as transformers has them.</summary>
internal sealed class TemplateLexer
{
    private static readonly string[] _operators =
    [
        "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|",
    ];

    private readonly TemplateSource _source;
    private readonly string _text;
    private readonly List<TemplateToken> _tokens = [];
    private bool _isLineStart = true; // Whether a line begins behind the last tag.

    private TemplateLexer(TemplateSource source) => (_source, _text) = (source, source.Text);

    /// <summary>Cuts a template.</summary>
    /// <returns>Its tokens, with <see cref="TemplateTokenKind.End"/> last.</returns>
    public static List<TemplateToken> Read(TemplateSource source)
    {
        var lexer = new TemplateLexer(source);
        lexer.Read();
        return lexer._tokens;
    }

    /// <summary>Whether a character is white space to Python.</summary>
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\u001C' and <= '\u001F';

    private void Read()
    {
        var position = 0;
        while (true)
        {
            var tag = FindTag(position);
            var data = _text[position..(tag < 0 ? _text.Length : tag)];
            if (tag < 0)
            {
                AddData(data, position);
                Add(TemplateTokenKind.End, "", _text.Length);
                return;
            }

            var sign = tag + 2 < _text.Length ? _text[tag + 2] : ' ';
            AddData(TrimBefore(data, sign, isExpression: _text[tag + 1] == '{'), position);
            _isLineStart = false;
            position = tag + 2 + (sign is '-' or '+' ? 1 : 0);
            position = _text[tag + 1] switch
            {
                '#' => ReadComment(tag, position),
                '{' => ReadTag(tag, position, TemplateTokenKind.ExpressionBegin, TemplateTokenKind.ExpressionEnd, "}}"),
                _ => ReadTag(tag, position, TemplateTokenKind.StatementBegin, TemplateTokenKind.StatementEnd, "%}"),
            };
        }
    }

    private int FindTag(int position)
    {
        for (var index = _text.IndexOf('{', position); index >= 0 && index + 1 < _text.Length; index = _text.IndexOf('{', index + 1))
        {
            if (_text[index + 1] is '{' or '%' or '#')
            {
                return index;
            }
        }

        return -1;
    }

    private string TrimBefore(string data, char sign, bool isExpression)
    {
        if (sign == '-')
        {
            var end = data.Length;
            while (end > 0 && IsSpace(data[end - 1]))
            {
                end--;
            }

            return data[..end];
        }

        if (sign == '+' || isExpression)
        {
            return data;
        }

        var line = data.LastIndexOf('\n') + 1;
        return (line > 0 || _isLineStart) && data.Skip(line).All(IsSpace) ? data[..line] : data;
    }

    private int ReadComment(int tag, int position)
    {
        var end = _text.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw _source.Fault(tag, "the comment has no end '#}'");
        }

        return TrimAfter(end + 2, end > position ? _text[end - 1] : ' ', isExpression: false);
    }

    /// <returns>Where the text behind a tag begins.</returns>
    private int TrimAfter(int position, char sign, bool isExpression)
    {
        var start = position;
        if (sign == '-')
        {
            while (position < _text.Length && IsSpace(_text[position]))
            {
                position++;
            }
        }
        else if (sign != '+' && !isExpression && position < _text.Length && _text[position] == '\n')
        {
            position++;
        }

        _isLineStart = position > start && _text[position - 1] == '\n';
        return position;
    }

    private int ReadTag(int tag, int position, TemplateTokenKind begin, TemplateTokenKind end, string endText)
    {
        Add(begin, _text.Substring(tag, 2), tag);
        var open = new Stack<char>();
        while (true)
        {
            while (position < _text.Length && IsSpace(_text[position]))
            {
                position++;
            }

            if (position >= _text.Length)
            {
                throw _source.Fault(tag, $"the tag has no end '{endText}'");
            }

            var sign = _text[position] is '-' or '+' ? _text[position] : ' ';
            var at = sign == ' ' ? position : position + 1;
            if (open.Count == 0 && string.CompareOrdinal(_text, at, endText, 0, 2) == 0 && !(sign == '+' && end == TemplateTokenKind.ExpressionEnd))
            {
                Add(end, endText, position);
                return TrimAfter(at + 2, sign, end == TemplateTokenKind.ExpressionEnd);
            }

            position = ReadToken(position, open);
        }
    }

    private int ReadToken(int position, Stack<char> open)
    {
        var unit = _text[position];
        if (char.IsLetter(unit) || unit == '_')
        {
            var end = position + 1;
            while (end < _text.Length && (char.IsLetterOrDigit(_text[end]) || _text[end] == '_'))
            {
                end++;
            }

            Add(TemplateTokenKind.Name, _text[position..end], position);
            return end;
        }

        if (char.IsAsciiDigit(unit))
        {
            return ReadNumber(position);
        }

        if (unit is '\'' or '"')
        {
            return ReadText(position);
        }

        var found = Array.Find(_operators, item => string.CompareOrdinal(_text, position, item, 0, item.Length) == 0)
            ?? throw _source.Fault(position, $"'{unit}' is not expected in a tag");
        if (found is "(" or "[" or "{")
        {
            open.Push(found[0]);
        }
        else if (found is ")" or "]" or "}" && (!open.TryPop(out var opened) || "([{".IndexOf(opened, StringComparison.Ordinal) != ")]}".IndexOf(found[0], StringComparison.Ordinal)))
        {
            throw _source.Fault(position, $"'{found}' closes nothing");
        }

        Add(TemplateTokenKind.Operator, found, position);
        return position + found.Length;
    }

    private int ReadNumber(int position)
    {
        var end = position;
        var isReal = false;
        while (end < _text.Length)
        {
            if (_text[end] == '.' && !isReal && end + 1 < _text.Length && char.IsAsciiDigit(_text[end + 1]))
            {
                isReal = true;
            }
            else if (!char.IsAsciiDigit(_text[end]))
            {
                break;
            }

            end++;
        }

        if (end < _text.Length && (_text[end] is 'e' or 'E'))
        {
            var digits = end + (end + 1 < _text.Length && (_text[end + 1] is '+' or '-') ? 2 : 1);
            while (digits < _text.Length && char.IsAsciiDigit(_text[digits]))
            {
                (isReal, end) = (true, ++digits);
            }
        }

        if (end < _text.Length && (char.IsLetter(_text[end]) || _text[end] == '_'))
        {
            throw _source.Fault(position, $"the number '{_text[position..(end + 1)]}' is not supported; decimal ones such as 12 and 0.5 are");
        }

        Add(isReal ? TemplateTokenKind.Real : TemplateTokenKind.Integer, _text[position..end], position);
        return end;
    }

    private int ReadText(int start)
    {
        var text = new StringBuilder();
        var quote = _text[start];
        for (var position = start + 1; position < _text.Length; position++)
        {
            var unit = _text[position];
            if (unit == quote)
            {
                Add(TemplateTokenKind.Text, text.ToString(), start);
                return position + 1;
            }

            if (unit != '\\')
            {
                text.Append(unit);
            }
            else
            {
                position = ReadEscape(position + 1, text);
            }
        }

        throw _source.Fault(start, $"the text has no end {quote}");
    }

    /// <returns>The escape's last character.</returns>
    private int ReadEscape(int position, StringBuilder text)
    {
        var unit = position < _text.Length ? _text[position] : throw _source.Fault(position - 1, "the text ends with a backslash");
        switch (unit)
        {
            case 'n':
                text.Append('\n');
                break;
            case 't':
                text.Append('\t');
                break;
            case 'r':
                text.Append('\r');
                break;
            case '\n':
                break; // A line that goes on.
            case '\\' or '\'' or '"':
                text.Append(unit);
                break;
            case 'x' or 'u' or 'U':
                var digits = unit switch { 'x' => 2, 'u' => 4, _ => 8 };
                if (position + digits >= _text.Length
                    || !int.TryParse(_text.AsSpan(position + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    || !Rune.IsValid(code))
                {
                    throw _source.Fault(position - 1, $"the escape '\\{unit}' needs {digits} hexadecimal digits of a character");
                }

                text.Append(new Rune(code).ToString());
                return position + digits;
            case 'a' or 'b' or 'f' or 'v' or 'N' or (>= '0' and <= '7'):
                throw _source.Fault(position - 1, $"the escape '\\{unit}' is not supported; \\n \\t \\r \\x \\u \\U \\\\ and quotes are");
            default:
                text.Append('\\').Append(unit); // As Python keeps what it does not know.
                break;
        }

        return position;
    }

    private void AddData(string data, int offset)
    {
        if (data.Length > 0)
        {
            Add(TemplateTokenKind.Data, data, offset);
        }
    }

    private void Add(TemplateTokenKind kind, string text, int offset) => _tokens.Add(new TemplateToken(kind, text, offset));
}
