using System.Net;
using System.Net.Sockets;
using Swarm.DataPlane;

namespace Swarm.Client.Control;

/// <summary>Where the gateways are.</summary>
/// <param name="Gateways">Host and port of each.</param>
internal sealed record SwarmAddress(IReadOnlyList<DataPlaneEndpoint> Gateways)
{
    private const string Scheme = "swarm://";

    /// <summary>Reads <c>swarm://host:port</c>, or several with commas between.</summary>
    /// <exception cref="ArgumentException">The text is none.</exception>
    public static SwarmAddress Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.StartsWith(Scheme, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{address}' does not begin with {Scheme}: an address is swarm://host:port, or swarm://a:1,b:2.", nameof(address));
        }

        try
        {
            var gateways = address[Scheme.Length..].TrimEnd('/').Split(',', StringSplitOptions.TrimEntries)
                .Select(DataPlaneEndpoint.Parse).ToArray();
            return new SwarmAddress(gateways);
        }
        catch (FormatException exception)
        {
            throw new ArgumentException(
                $"'{address}' is not an address: {exception.Message} Write swarm://host:port, or swarm://a:1,b:2.",
                nameof(address),
                exception);
        }
    }

    /// <summary>Looks the hosts up. A name may have several addresses, as that of a headless service.</summary>
    /// <exception cref="SwarmTransportException">None of them is known.</exception>
    public async Task<IPEndPoint[]> ResolveAsync(CancellationToken cancellationToken)
    {
        List<IPEndPoint> endpoints = [];
        Exception? last = null;
        foreach (var (host, port) in Gateways)
        {
            try
            {
                var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
                var family = addresses.Any(a => a.AddressFamily == AddressFamily.InterNetwork)
                    ? AddressFamily.InterNetwork
                    : AddressFamily.InterNetworkV6;
                endpoints.AddRange(
                    addresses.Where(a => a.AddressFamily == family).Select(a => new IPEndPoint(a, port)));
            }
            catch (SocketException exception)
            {
                last = exception;
            }
        }

        return endpoints.Count > 0
            ? [.. endpoints]
            : throw new SwarmTransportException(
                $"No host of {this} is known: {last?.Message} Check the name and DNS.", isTransient: true, last);
    }

    /// <summary>The address as people write it.</summary>
    public override string ToString() => Scheme + string.Join(',', Gateways);
}
