using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane.Client;

/// <summary>Every log message of the client side. Event ids from 2007 on.</summary>
internal static partial class DataPlaneClientLog
{
    [LoggerMessage(2007, LogLevel.Warning, "The data-plane connection to {Endpoint} is lost: {Reason}", EventName = "DataPlane.ConnectionLost")]
    public static partial void ConnectionLost(ILogger logger, string endpoint, string reason);
}
