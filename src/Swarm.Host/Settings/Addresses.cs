using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Swarm.Host.Settings;

/// <summary>The IP addresses that the endpoint settings mean.</summary>
/// <param name="Advertised">What others connect to.</param>
/// <param name="Listen">What this process binds.</param>
internal sealed record Addresses(IPAddress Advertised, IPAddress Listen)
{
    /// <summary>Whether only processes on this machine can connect.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Unmapped(Advertised)) && IPAddress.IsLoopback(Unmapped(Listen));

    /// <summary>Whether the advertised address, or the one listened on, means this machine on every machine.</summary>
    public bool IsOnlyHere => IPAddress.IsLoopback(Unmapped(Advertised)) || IPAddress.IsLoopback(Unmapped(Listen));

    /// <summary>Whether the advertised address is one of this machine's interfaces. It need not be, behind NAT.</summary>
    public bool IsOfThisMachine => IPAddress.IsLoopback(Unmapped(Advertised)) || Local().Contains(Advertised);

    /// <summary>Resolves the settings.</summary>
    /// <param name="endpoints">The settings.</param>
    /// <param name="addresses">The addresses.</param>
    /// <param name="fault">What is wrong, with the value and the remedy.</param>
    /// <returns>Whether both are addresses, or names of one, and what is advertised is also listened on.</returns>
    public static bool TryResolve(
        EndpointSettings endpoints, [NotNullWhen(true)] out Addresses? addresses, [NotNullWhen(false)] out string? fault)
    {
        const string Section = EndpointSettings.SectionName;
        addresses = null;
        IPAddress? listen = null;
        if (endpoints.Listen.Length > 0 && !IPAddress.TryParse(endpoints.Listen, out listen))
        {
            fault = $"{Section}:Listen is '{endpoints.Listen}'; an IP address such as 0.0.0.0 is needed, or nothing.";
            return false;
        }

        var named = Find(endpoints.Address);
        if (named.Length == 0)
        {
            fault = $"{Section}:Address is '{endpoints.Address}'; an IP address that others can connect to, or a name that has one, "
                + "is needed.";
            return false;
        }

        if (Choose(named, named.Length > 1 ? Local() : new HashSet<IPAddress>(), listen) is not { } advertised)
        {
            fault = $"{Section}:Address '{endpoints.Address}' names {string.Join(", ", named.Select(one => one.ToString()))}, and nothing "
                + "tells which of them is this silo's: name that one.";
            return false;
        }

        if (!Covers(listen ?? advertised, advertised))
        {
            fault = $"{Section}:Address is '{endpoints.Address}' ({advertised}), which cannot be reached while {Section}:Listen is "
                + $"'{listen}': set Listen to {advertised}, or to :: for all IPv4 and IPv6 addresses, or to nothing.";
            return false;
        }

        addresses = new Addresses(advertised, listen ?? advertised);
        fault = null;
        return true;
    }

    /// <summary>Chooses this silo's address among those that a name has.</summary>
    /// <param name="named">What the name has; at least one.</param>
    /// <param name="local">Addresses of this machine's interfaces.</param>
    /// <param name="listen">What is to be bound; <see langword="null"/> for the chosen one.</param>
    /// <returns>The address; <see langword="null"/> where several are left. An IPv4 address goes before an IPv6 one.</returns>
    public static IPAddress? Choose(IReadOnlyList<IPAddress> named, IReadOnlySet<IPAddress> local, IPAddress? listen)
    {
        var left = named.Distinct().ToArray();
        foreach (var isBetter in new Func<IPAddress, bool>[]
        {
            one => one.Equals(listen),
            one => local.Contains(one) || IPAddress.IsLoopback(one),
            one => listen is null || Covers(listen, one),
            one => !IPAddress.IsLoopback(one),
            one => one.AddressFamily == AddressFamily.InterNetwork,
        })
        {
            var better = Array.FindAll(left, one => isBetter(one));
            left = better.Length > 0 ? better : left;
        }

        return left is [var only] ? only : null;
    }

    /// <summary>Whether whoever binds an address hears connections to another one.</summary>
    private static bool Covers(IPAddress listen, IPAddress advertised)
    {
        if (listen.Equals(IPAddress.IPv6Any))
        {
            return true; // Bound for both families.
        }

        if (listen.Equals(IPAddress.Any))
        {
            return Unmapped(advertised).AddressFamily == AddressFamily.InterNetwork;
        }

        return Unmapped(listen).AddressFamily == Unmapped(advertised).AddressFamily;
    }

    private static IPAddress[] Find(string address)
    {
        if (IPAddress.TryParse(address, out var parsed))
        {
            return IsOneHost(Unmapped(parsed)) ? [parsed] : [];
        }

        try
        {
            return string.IsNullOrWhiteSpace(address) ? [] : Array.FindAll(Dns.GetHostAddresses(address), IsOneHost);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            return [];
        }
    }

    private static bool IsOneHost(IPAddress address) =>
        !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && !address.Equals(IPAddress.Broadcast)
        && !address.IsIPv6Multicast
        && (address.AddressFamily != AddressFamily.InterNetwork || (address.GetAddressBytes()[0] & 0xF0) != 0xE0);

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static HashSet<IPAddress> Local() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(each => each.GetIPProperties().UnicastAddresses)
            .Select(each => each.Address),
    ];
}
