using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane.Client;

/// <summary>Every log message of the client side. Event ids from 2007 on.</summary>
internal static partial class DataPlaneClientLog
{
    [LoggerMessage(2007, LogLevel.Warning, "The data-plane connection to {Endpoint} is lost: {Reason}", EventName = "DataPlane.ConnectionLost")]
    public static partial void ConnectionLost(ILogger logger, string endpoint, string reason);

    [LoggerMessage(2010, LogLevel.Debug, "The data plane at {Endpoint} is on this machine: its Unix domain socket is used", EventName = "DataPlane.ConnectedLocally")]
    public static partial void ConnectedLocally(ILogger logger, string endpoint);

    [LoggerMessage(2011, LogLevel.Debug, "The Unix domain socket of the data plane at {Endpoint} cannot be used, so TCP is: {Reason}", EventName = "DataPlane.NotConnectedLocally")]
    public static partial void NotConnectedLocally(ILogger logger, string endpoint, string reason);
}
