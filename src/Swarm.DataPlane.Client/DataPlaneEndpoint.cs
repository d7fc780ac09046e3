using System.Globalization;

namespace Swarm.DataPlane.Client;

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
        var colon = text.LastIndexOf(':');
        return colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is >= 1 and <= 65535
            ? new DataPlaneEndpoint(text[..colon].Trim('[', ']'), port)
            : throw new FormatException($"'{text}' is not an address of the form host:port.");
    }

    /// <summary><c>host:port</c>.</summary>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
