using System.Net;
using System.Net.Sockets;

namespace DroneHandoff.Processes;

/// <summary>Free ports of the loopback interface.</summary>
internal static class LoopbackPorts
{
    /// <summary>Finds ports that nobody listens on now. Another process may still win one: the loser says so.</summary>
    /// <param name="count">How many.</param>
    /// <returns>Different ports.</returns>
    public static int[] FindFree(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
            {
                listener.Start();
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
            {
                listener.Dispose();
            }
        }
    }
}
