using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane.Server;

/// <summary>Every log message of the server side. Event ids 2001 to 2006, and 2008.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(2001, LogLevel.Debug, "Connection {Connection} of tenant {Tenant} opened")]
    public static partial void ConnectionOpened(ILogger logger, string connection, string tenant);

    [LoggerMessage(2002, LogLevel.Debug, "Connection {Connection} closed: {Reason}")]
    public static partial void ConnectionClosed(ILogger logger, string connection, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Connection {Connection} is ended: {Reason}")]
    public static partial void ConnectionEnded(ILogger logger, string connection, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "Connection {Connection} refused: {Reason}")]
    public static partial void ConnectionRefused(ILogger logger, string connection, string reason);

    [LoggerMessage(2005, LogLevel.Error, "A {Request} request of connection {Connection} failed")]
    public static partial void RequestFailed(ILogger logger, string request, string connection, Exception exception);

    [LoggerMessage(2006, LogLevel.Debug, "Connection {Connection} attached to {Context} as {Attachment}, epoch {Epoch}")]
    public static partial void Attached(
        ILogger logger, string connection, string context, uint attachment, ulong epoch);

    [LoggerMessage(2008, LogLevel.Warning, "The session on {Context}, attachment {Attachment} of connection {Connection}, is ended: it asked for credit and did not use it within {LimitS} s. Its agent attaches again")]
    public static partial void CreditNotUsed(ILogger logger, string context, uint attachment, string connection, double limitS);
}
