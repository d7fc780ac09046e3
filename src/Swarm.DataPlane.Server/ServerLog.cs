using Microsoft.Extensions.Logging;

namespace Swarm.DataPlane.Server;

/// <summary>Every log message of the server side. Event ids 2000 to 2099, which the client side shares.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(2001, LogLevel.Debug, "Connection {Connection} of tenant {Tenant} opened", EventName = "DataPlane.ConnectionOpened")]
    public static partial void ConnectionOpened(ILogger logger, string connection, string tenant);

    [LoggerMessage(2002, LogLevel.Debug, "Connection {Connection} closed: {Reason}", EventName = "DataPlane.ConnectionClosed")]
    public static partial void ConnectionClosed(ILogger logger, string connection, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Connection {Connection} is ended: {Reason}", EventName = "DataPlane.ConnectionEnded")]
    public static partial void ConnectionEnded(ILogger logger, string connection, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "Connection {Connection} refused: {Reason}", EventName = "DataPlane.ConnectionRefused")]
    public static partial void ConnectionRefused(ILogger logger, string connection, string reason);

    [LoggerMessage(2005, LogLevel.Error, "A {Request} request of connection {Connection} failed", EventName = "DataPlane.RequestFailed")]
    public static partial void RequestFailed(ILogger logger, string request, string connection, Exception exception);

    [LoggerMessage(2006, LogLevel.Debug, "Connection {Connection} attached to {Context} as {Attachment}, epoch {Epoch}", EventName = "DataPlane.Attached")]
    public static partial void Attached(
        ILogger logger, string connection, string context, uint attachment, ulong epoch);

    [LoggerMessage(2009, LogLevel.Information, "Connection {Connection} is ended: the silo stops", EventName = "DataPlane.ConnectionStopped")]
    public static partial void ConnectionStopped(ILogger logger, string connection);

    [LoggerMessage(2008, LogLevel.Warning, "The session on {Context}, attachment {Attachment} of connection {Connection}, is ended: it asked for credit and did not use it within {LimitS} s. Its agent attaches again", EventName = "DataPlane.CreditNotUsed")]
    public static partial void CreditNotUsed(ILogger logger, string context, uint attachment, string connection, double limitS);
}
