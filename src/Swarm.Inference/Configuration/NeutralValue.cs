using System.Text.Json;

namespace Swarm.Inference.Configuration;

/// <summary>The value of a field at which it changes nothing; another one is refused.</summary>
/// <param name="Text">The value, for messages.</param>
/// <param name="Holds">Whether a field, neither null nor empty, has it; given the configuration and all other fields.</param>
internal sealed record NeutralValue(string Text, Func<JsonElement, LlamaConfig, JsonFields, bool> Holds)
{
    private const double Tolerance = 1e-6;

    /// <summary>No value but null, or an empty list or object.</summary>
    public static NeutralValue Absent { get; } = new("null", (_, _, _) => false);

    public static NeutralValue False { get; } = new("false", (value, _, _) => value.ValueKind == JsonValueKind.False);

    public static NeutralValue True { get; } = new("true", (value, _, _) => value.ValueKind == JsonValueKind.True);

    public static NeutralValue Silu { get; } = OneOf("silu", "swish");

    /// <summary>One of some texts; the first one is named.</summary>
    public static NeutralValue OneOf(params string[] texts) =>
        new($"'{texts[0]}'", (value, _, _) => value.ValueKind == JsonValueKind.String && texts.Contains(value.GetString()));

    public static NeutralValue Of(double number) => Of($"{number}", _ => number);

    public static NeutralValue Of(string text, Func<LlamaConfig, double> number) => new(text, (value, config, _) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given)
        && Math.Abs(given - number(config)) <= Tolerance * Math.Abs(number(config)));
}
