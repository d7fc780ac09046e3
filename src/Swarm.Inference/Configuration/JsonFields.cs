using System.Text.Json;

namespace Swarm.Inference.Configuration;

/// <summary>Reads fields of a JSON object by type; a field that is null counts as absent.</summary>
/// <param name="Root">The object.</param>
/// <param name="Source">Where it comes from, for messages.</param>
/// <param name="Prefix">Path of the object in the file, ending with a dot, or empty.</param>
internal readonly record struct JsonFields(JsonElement Root, string Source, string Prefix = "")
{
    /// <summary>Fields that are not null, in the file's order.</summary>
    public IEnumerable<JsonProperty> All =>
        Root.EnumerateObject().Where(item => item.Value.ValueKind != JsonValueKind.Null);

    /// <summary>Whether a field is there, null or not: where a missing one has a default, null says that there is none.</summary>
    public bool Has(string name) => Root.TryGetProperty(name, out _);

    public JsonElement? Get(string name) =>
        Root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public int Integer(string name, int? fallback = null) =>
        IntegerOrNull(name) ?? fallback ?? throw Fault(name, "is missing");

    public int? IntegerOrNull(string name) => Get(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw Fault(name, $"is {value}, not a whole number");

    public double Real(string name, double? fallback = null) =>
        RealOrNull(name) ?? fallback ?? throw Fault(name, "is missing");

    public double? RealOrNull(string name) => Get(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number
            : throw Fault(name, $"is {value}, not a number");

    public bool Flag(string name, bool fallback = false) => Get(name) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        var value => throw Fault(name, $"is {value}, not true or false"),
    };

    public string? TextOrNull(string name) => Get(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Fault(name, $"is {value}, not a text");

    public JsonFields? Section(string name) => Get(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Object
            ? new JsonFields(value, Source, $"{Prefix}{name}.")
            : throw Fault(name, $"is {value}, not an object");

    /// <summary>An error about a field.</summary>
    /// <param name="name">The field.</param>
    /// <param name="fault">What is wrong, as the rest of a sentence without its full stop.</param>
    public ModelFormatException Fault(string name, string fault) => new($"{Source}: {Prefix}{name} {fault}.");
}
