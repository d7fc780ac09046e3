using System.Globalization;
using System.Text.Json.Nodes;
using Swarm.Format.Objects;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Inspection;

/// <summary>Shows an object by its content if that is sound, else by its outline.</summary>
internal sealed class ObjectViews(StoreReader reader)
{
    private const int FirstRead = 64 << 10;

    /// <summary>Shows an object that is read whole.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="prefix">What the names of its kind begin with.</param>
    /// <param name="show">Decodes its content, which says that it is of a kind.</param>
    /// <exception cref="ToolException">There is none of that name and kind.</exception>
    public async Task<InspectView> ShowAsync(string name, string prefix, Func<byte[], ObjectKind, JsonObject> show)
    {
        Require(name, prefix);
        byte[] content;
        try
        {
            (var found, _) = await reader.Ranges.ReadWholeAsync(name, FirstRead, StoreReader.MaxWholeBytes);
            content = found ?? throw Missing(name);
        }
        catch (CorruptObjectException error)
        {
            return new InspectView(new JsonObject { ["object"] = name, ["faults"] = new JsonArray(error.Message) }, false);
        }

        var outline = ObjectOutline.Read(content, content.Length);
        try
        {
            var view = Head(name, content.Length, outline);
            foreach (var (key, value) in show(content, outline.Kind).ToArray())
            {
                view[key] = value?.DeepClone();
            }

            return new InspectView(view, true);
        }
        catch (CorruptObjectException error)
        {
            return Damaged(name, content.Length, outline, error.Message);
        }
    }

    /// <summary>What can be said of a damaged object.</summary>
    public static InspectView Damaged(string name, long length, ObjectOutline outline, string problem)
    {
        var view = Head(name, length, outline);
        view["faults"] = new JsonArray([problem, .. outline.Faults.Select(fault => JsonValue.Create(fault))]);
        view["unverified"] = new JsonArray([.. outline.Meta.Select(ToJson)]);
        return new InspectView(view, false);
    }

    /// <summary>What the header says.</summary>
    public static JsonObject Head(string name, long length, ObjectOutline outline) => new()
    {
        ["object"] = name,
        ["bytes"] = length,
        ["kind"] = outline.Kind.ToString(),
        ["version"] = outline.Version,
        ["metaBytes"] = outline.MetaLength,
        ["payloadBytes"] = outline.PayloadLength,
    };

    /// <summary>Refuses a name of another kind.</summary>
    /// <exception cref="ToolException">It is one.</exception>
    public static void Require(string name, string prefix)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            throw new ToolException($"'{name}' is no object of this kind: its name begins with '{prefix}'.");
        }
    }

    /// <summary>The fault for an object that is not there.</summary>
    public static ToolException Missing(string name) => new($"There is no object '{name}' in the store.");

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        IReadOnlyList<object?> items => new JsonArray([.. items.Select(ToJson)]),
        long number => JsonValue.Create(number),
        ulong number => JsonValue.Create(number),
        _ => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
    };
}
