using System.Net;
using System.Net.Sockets;
using Swarm.Host.Settings;

namespace Swarm.Host.Startup;

/// <summary>Finds ports in use before anything starts, and free ones where any will do.</summary>
internal static class PortProbe
{
    // Below the ports that systems give to outgoing connections: one of those could take a port between its choice and its use.
    private const int FirstChoice = 10_240;
    private const int EndOfChoice = 32_768;
    private const int Attempts = 64;

    /// <summary>Checks every fixed port.</summary>
    /// <param name="endpoints">The settings.</param>
    /// <param name="listen">Address to bind.</param>
    /// <param name="faults">Receives one sentence for each port that cannot be had.</param>
    public static void FindFaults(EndpointSettings endpoints, IPAddress listen, List<string> faults)
    {
        Check(nameof(endpoints.Gateway), endpoints.Gateway);
        Check(nameof(endpoints.DataPlane), endpoints.DataPlane);
        Check(nameof(endpoints.Http), endpoints.Http);
        Check(nameof(endpoints.Silo), endpoints.Silo);

        void Check(string name, int port)
        {
            if (port is < 1 or > 65_535)
            {
                return;
            }

            try
            {
                Bind(listen, port).Dispose();
            }
            catch (SocketException exception)
            {
                var reason = exception.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"port {port} is in use on {listen}: stop what listens there, or choose another port (0 is any free one)"
                    : $"port {port} cannot be had on {listen}: {exception.Message}";
                faults.Add($"{EndpointSettings.SectionName}:{name}: {reason}.");
            }
        }
    }

    /// <summary>Chooses ports for those that Orleans cannot choose by itself.</summary>
    /// <param name="endpoints">The settings; changed.</param>
    /// <param name="listen">Address to bind.</param>
    public static void ChooseOrleansPorts(EndpointSettings endpoints, IPAddress listen)
    {
        // Held together, so that they differ.
        using var silo = BindAny(listen);
        using var gateway = BindAny(listen);
        endpoints.Silo = endpoints.Silo == 0 ? PortOf(silo) : endpoints.Silo;
        endpoints.Gateway = endpoints.Gateway == 0 ? PortOf(gateway) : endpoints.Gateway;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static Socket BindAny(IPAddress listen)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            try
            {
                return Bind(listen, Random.Shared.Next(FirstChoice, EndOfChoice));
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Another one, then.
            }
        }

        return Bind(listen, 0);
    }

    private static Socket Bind(IPAddress listen, int port)
    {
        var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (listen.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true; // As Orleans and Kestrel bind it.
            }

            socket.Bind(new IPEndPoint(listen, port));
            socket.Listen(1);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }
}
