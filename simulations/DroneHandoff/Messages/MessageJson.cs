using System.Text.Json;

namespace DroneHandoff.Messages;

/// <summary>How messages become lines: compact JSON, camel case.</summary>
internal static class MessageJson
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web);

    /// <summary>Writes a message as one line.</summary>
    /// <typeparam name="T">The declared type: the base type for polymorphic messages.</typeparam>
    /// <param name="message">The message.</param>
    /// <returns>The line, without its end.</returns>
    public static string ToLine<T>(T message) => JsonSerializer.Serialize(message, _options);

    /// <summary>Reads a message from a line.</summary>
    /// <typeparam name="T">The declared type: the base type for polymorphic messages.</typeparam>
    /// <param name="line">The line.</param>
    /// <returns>The message.</returns>
    /// <exception cref="FormatException">The line is not such a message.</exception>
    public static T FromLine<T>(string line)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, _options) ?? throw new FormatException("The line says 'null'.");
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            throw new FormatException($"'{line}' is not a {typeof(T).Name}: {fault.Message}", fault);
        }
    }
}
