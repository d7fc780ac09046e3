using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Swarm.DataPlane;

/// <summary>A data plane's address.</summary>
/// <param name="Host">Host name or address.</param>
/// <param name="Port">Port.</param>
public readonly record struct DataPlaneEndpoint(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The address.</returns>
    /// <exception cref="FormatException">The text is none.</exception>
    public static DataPlaneEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var endpoint) ? endpoint : throw new FormatException($"'{text}' is not an address of the form host:port.");
    }

    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endpoint">The address.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out DataPlaneEndpoint endpoint)
    {
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is >= 1 and <= 65535)
        {
            endpoint = new DataPlaneEndpoint(text![..colon].Trim('[', ']'), port);
            return true;
        }

        endpoint = default;
        return false;
    }

    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
