using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Swarm.Host.Settings;

/// <summary>The IP addresses that the endpoint settings mean.</summary>
/// <param name="Advertised">What others connect to.</param>
/// <param name="Listen">What this process binds.</param>
internal sealed record Addresses(IPAddress Advertised, IPAddress Listen)
{
    /// <summary>Resolves the settings.</summary>
    /// <param name="endpoints">The settings.</param>
    /// <param name="addresses">The addresses.</param>
    /// <returns>Whether both are addresses, or names of one. An IPv4 address is preferred.</returns>
    public static bool TryResolve(EndpointSettings endpoints, [NotNullWhen(true)] out Addresses? addresses)
    {
        addresses = null;
        if (Resolve(endpoints.Address) is not { } advertised)
        {
            return false;
        }

        var listen = advertised;
        if (endpoints.Listen.Length > 0 && !IPAddress.TryParse(endpoints.Listen, out listen))
        {
            return false;
        }

        addresses = new Addresses(advertised, listen);
        return true;
    }

    private static IPAddress? Resolve(string address)
    {
        if (IPAddress.TryParse(address, out var parsed))
        {
            return parsed.Equals(IPAddress.Any) || parsed.Equals(IPAddress.IPv6Any) ? null : parsed;
        }

        if (string.IsNullOrWhiteSpace(address))
        {
            return null;
        }

        try
        {
            var all = Dns.GetHostAddresses(address);
            return Array.Find(all, one => one.AddressFamily == AddressFamily.InterNetwork) ?? all.FirstOrDefault();
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            return null;
        }
    }
}
