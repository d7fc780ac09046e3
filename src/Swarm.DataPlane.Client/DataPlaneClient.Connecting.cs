using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Swarm.Core.Settings;

namespace Swarm.DataPlane.Client;

/// <content>Greets over a socket, and moves to the silo's Unix domain socket.</content>
public sealed partial class DataPlaneClient
{
    /// <summary>Connects to the silo's Unix domain socket. It is not there where the silo is on another machine, or in another network namespace.</summary>
    private static async Task<DataPlaneClient?> TryConnectLocallyAsync(Dial dial, UnixDomainSocketEndPoint local)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            LocalSocket.Prepare(socket);
            await socket.ConnectAsync(local, dial.Limit).ConfigureAwait(false);
            var client = await GreetAsync(dial, socket).ConfigureAwait(false);
            DataPlaneClientLog.ConnectedLocally(client._logger, dial.Endpoint.ToString());
            return client;
        }
        catch (Exception exception) when (exception is SocketException or SwarmTransportException or SwarmRefusedException
            || (exception is OperationCanceledException && !dial.CancellationToken.IsCancellationRequested))
        {
            socket.Dispose();
            DataPlaneClientLog.NotConnectedLocally(dial.Logger, dial.Endpoint.ToString(), exception.Message);
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Greets over a connected socket, which is the client's from here on.</summary>
    private static async Task<DataPlaneClient> GreetAsync(Dial dial, Socket socket)
    {
        var client = new DataPlaneClient(dial.Endpoint, socket, dial.Options, dial.Time, dial.Logger)
        {
            IsLocal = socket.AddressFamily == AddressFamily.Unix,
        };
        try
        {
            await client.GreetAsync(dial.Tenant, dial.Token, dial.Time, dial.Limit).ConfigureAwait(false);
            return client;
        }
        catch (OperationCanceledException) when (!dial.CancellationToken.IsCancellationRequested)
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw new SwarmTransportException(
                $"The data plane at {dial.Endpoint} did not answer the greeting within {Duration.Format(dial.Options.ConnectTimeout)}. "
                + "Check that the port is Swarm's data plane.",
                isTransient: true);
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What one attempt to connect needs.</summary>
    /// <param name="Endpoint">Where the silo is.</param>
    /// <param name="Tenant">Tenant name.</param>
    /// <param name="Token">The tenant's token, or empty.</param>
    /// <param name="Options">Settings.</param>
    /// <param name="Time">The clock.</param>
    /// <param name="Logger">Where logs go.</param>
    /// <param name="Limit">Cancelled when it takes too long, or is not wanted any more.</param>
    /// <param name="CancellationToken">Cancelled when it is not wanted any more.</param>
    private readonly record struct Dial(
        DataPlaneEndpoint Endpoint,
        string Tenant,
        string Token,
        DataPlaneClientOptions Options,
        TimeProvider Time,
        ILogger Logger,
        CancellationToken Limit,
        CancellationToken CancellationToken);
}
