using System.Text.Json;
using System.Text.Unicode;

namespace Swarm.Text.Loading;

/// <summary>A value in a JSON file that knows where it is. A field that is null counts as absent.</summary>
/// <param name="Element">The value.</param>
/// <param name="File">The file.</param>
/// <param name="Parent">Where in the file what it is in is, such as <c>model</c>; empty for the root.</param>
/// <param name="Name">Its key, or empty for an element of an array.</param>
/// <param name="Index">Its index, for an element of an array.</param>
internal readonly record struct JsonPlace(JsonElement Element, string File, string Parent, string Name, int Index = 0)
{
    private const int MaxShown = 100;

    /// <summary>Where it is in the file, such as <c>model.vocab</c>. Made when it is asked for: a vocabulary has many places.</summary>
    public string Path => Name.Length == 0 ? Parent.Length == 0 ? "$" : $"{Parent}[{Index}]" : Parent.Length == 0 ? Name : $"{Parent}.{Name}";

    /// <summary>Reads a JSON file whose root is an object.</summary>
    /// <param name="file">Path of the file.</param>
    /// <param name="mostBytes">The longest that is read.</param>
    /// <returns>The document, which the caller disposes, and its root.</returns>
    /// <exception cref="TextFormatException">It is longer, no JSON, nested too deep, or has one key twice in an object.</exception>
    public static (JsonDocument Document, JsonPlace Root) Read(string file, long mostBytes)
    {
        var bytes = FileText.ReadBytes(file, mostBytes);
        if (!Utf8.IsValid(bytes))
        {
            throw new TextFormatException($"{file} is no UTF-8. Download it again.");
        }

        try
        {
            var text = bytes.AsMemory();
            text = text.Span.StartsWith("\uFEFF"u8) ? text[3..] : text;
            var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            var root = new JsonPlace(document.RootElement, file, "", "");
            return document.RootElement.ValueKind == JsonValueKind.Object ? (document, root) : throw root.Fault("is no object");
        }
        catch (JsonException error)
        {
            throw new TextFormatException($"{file} is no JSON that can be read: {error.Message} Download the file again.", error);
        }
    }

    /// <summary>A field that may be missing.</summary>
    public JsonPlace? Find(string name) =>
        Element.ValueKind != JsonValueKind.Object ? throw Fault("is no object")
        : Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new JsonPlace(value, File, Prefix, name)
        : null;

    /// <summary>A field that must be there.</summary>
    public JsonPlace Require(string name) => Find(name) ?? throw new TextFormatException($"{File}: {(Prefix.Length == 0 ? name : $"{Prefix}.{name}")} is missing. Save the tokenizer again.");

    /// <summary>Refuses fields that are not known; those that are null count as absent.</summary>
    public void RequireOnly(params ReadOnlySpan<string> known)
    {
        foreach (var (name, value) in Members())
        {
            if (!known.Contains(name))
            {
                throw value.Fault($"is not supported; known beside it are {string.Join(", ", known)}");
            }
        }
    }

    /// <summary>The fields that are not null, in the file's order.</summary>
    public IEnumerable<(string Name, JsonPlace Value)> Members()
    {
        if (Element.ValueKind != JsonValueKind.Object)
        {
            throw Fault("is no object");
        }

        var prefix = Prefix;
        foreach (var property in Element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                var name = NameOf(property);
                yield return (name, new JsonPlace(property.Value, File, prefix, name));
            }
        }
    }

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonPlace> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
        {
            throw Fault("is no array");
        }

        var (index, path) = (0, Path);
        foreach (var element in Element.EnumerateArray())
        {
            yield return new JsonPlace(element, File, path, "", index++);
        }
    }

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => Element.ValueKind == JsonValueKind.Array;

    /// <summary>Whether it is a text.</summary>
    public bool IsText => Element.ValueKind == JsonValueKind.String;

    /// <summary>It as a text.</summary>
    public string Text()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Fault("is no text");
        }
        catch (InvalidOperationException)
        {
            throw Fault("is no well-formed Unicode");
        }
    }

    /// <summary>It as a flag.</summary>
    public bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault("is neither true nor false"),
    };

    /// <summary>It as an integer in a range.</summary>
    public int Integer(int least, int most) => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var number) && number >= least && number <= most
        ? number
        : throw Fault($"is no integer from {least} to {most}");

    /// <summary>A text field, or what counts where it is missing.</summary>
    public string TextOr(string name, string fallback) => Find(name)?.Text() ?? fallback;

    /// <summary>A flag, or what counts where it is missing.</summary>
    public bool FlagOr(string name, bool fallback) => Find(name)?.Flag() ?? fallback;

    /// <summary>An error about the value.</summary>
    /// <param name="fault">What is wrong, as the rest of a sentence without its full stop.</param>
    public TextFormatException Fault(string fault)
    {
        var text = Element.GetRawText();
        return new TextFormatException($"{File}: {Path} is {(text.Length > MaxShown ? $"{text[..MaxShown]}…" : text)}, which {fault}.");
    }

    private string Prefix => Path is var path && path == "$" ? "" : path;

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new TextFormatException($"{File}: {Path} has a key that is no well-formed Unicode. Download the file again.");
        }
    }
}
