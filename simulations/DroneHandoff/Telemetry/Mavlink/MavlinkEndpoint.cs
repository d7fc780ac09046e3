using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DroneHandoff.Telemetry.Mavlink;

/// <summary>Where MAVLink packets arrive: <c>udp://address:port</c>, and with <c>?system=N</c> whose of them.</summary>
/// <param name="Text">How the user wrote it.</param>
/// <param name="Address">Address of this machine, and the port. Port 0 is any free one; a user cannot ask for it.</param>
/// <param name="System">The system to follow, 1 to 255; <see langword="null"/> for the first autopilot that is heard.</param>
internal sealed record MavlinkEndpoint(string Text, IPEndPoint Address, byte? System)
{
    /// <summary>What such a text begins with.</summary>
    public const string Scheme = "udp://";

    private const string Form =
        "write udp://ADDRESS:PORT, as udp://127.0.0.1:14550 (this machine), udp://0.0.0.0:14550 (all of its addresses), udp://[::1]:14550, "
        + "with ?system=1 to follow that system alone";

    // The kernel keeps what comes while the process does something else; the default holds about a hundred packets.
    private const int ReceiveBufferBytes = 1 << 20;

    /// <summary>Whether a text is meant to be one.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Whether it has a scheme, as no path of a file has; the right one or not.</returns>
    public static bool IsMeant(string text) =>
        text.Contains("://", StringComparison.Ordinal) || text.StartsWith("udp:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="endpoint">What it says.</param>
    /// <param name="fault">What is wrong with it, with the remedy; empty where nothing is.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out MavlinkEndpoint? endpoint, out string fault)
    {
        endpoint = null;
        fault = "";
        var isScheme = text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        var rest = isScheme ? text[Scheme.Length..] : "";
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var place = question < 0 ? rest : rest[..question];
        var colon = place.LastIndexOf(':');
        if (!isScheme)
        {
            fault = $"packets are received over UDP alone: {Form}";
        }
        else if (colon <= 0)
        {
            fault = $"it has no address and port: {Form}";
        }
        else if (!int.TryParse(place[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > IPEndPoint.MaxPort)
        {
            fault = $"port '{place[(colon + 1)..]}' is not a whole number from 1 to {IPEndPoint.MaxPort}: {Form}";
        }
        else if (ParseAddress(place[..colon]) is not { } address)
        {
            fault = $"'{place[..colon]}' is not an IP address of a machine: {Form}";
        }
        else if (TryParseSystem(question < 0 ? "" : rest[question..], out var system, out fault))
        {
            endpoint = new MavlinkEndpoint(text, new IPEndPoint(address, port), system);
        }

        return endpoint is not null;
    }

    /// <summary>Takes the port.</summary>
    /// <returns>The socket, bound; the caller's.</returns>
    /// <exception cref="IOException">The port is in use, or the address is not this machine's. The message tells the remedy.</exception>
    public Socket Bind()
    {
        var socket = new Socket(Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.ReceiveBufferSize = ReceiveBufferBytes;
            socket.Bind(Address);
            return socket;
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new IOException(Describe(fault), fault);
        }
    }

    private string Describe(SocketException fault) => fault.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"port {Address.Port} of {Address.Address} is in use; end the other program that listens there, as QGroundControl does on 14550, or let "
            + "the drone send to another port and name that one.",
        SocketError.AddressNotAvailable =>
            $"{Address.Address} is not an address of this machine; packets are received here, not fetched there: name an address of this machine, "
            + "or 0.0.0.0 for all of them.",
        SocketError.AccessDenied =>
            $"port {Address.Port} needs more rights than this process has; take one from 1024 on.",
        _ => $"port {Address.Port} of {Address.Address} could not be taken: {fault.Message} ({fault.SocketErrorCode}).",
    };

    private static IPAddress? ParseAddress(string text)
    {
        if (text.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return IPAddress.Loopback;
        }

        var isAddress = IPAddress.TryParse(text.Trim('[', ']'), out var address) && text.Count(letter => letter == '.') is 0 or 3;
        return isAddress && !address!.IsIPv6Multicast && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.GetAddressBytes()[0] < 224)
            ? address
            : null;
    }

    private static bool TryParseSystem(string query, out byte? system, out string fault)
    {
        const string Key = "?system=";
        (system, fault) = (null, "");
        if (query.Length == 0)
        {
            return true;
        }

        if (!query.StartsWith(Key, StringComparison.Ordinal))
        {
            fault = $"'{query}' is not known: {Form}";
        }
        else if (byte.TryParse(query[Key.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            system = number;
        }
        else
        {
            fault = $"system '{query[Key.Length..]}' is not a whole number from 1 to 255: {Form}";
        }

        return fault.Length == 0;
    }
}
