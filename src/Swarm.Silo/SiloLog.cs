using System.Net;
using Microsoft.Extensions.Logging;

namespace Swarm.Silo;

/// <summary>Log messages of what a silo is made of, embedded or not. Event ids 4300 to 4399.</summary>
internal static partial class SiloLog
{
    [LoggerMessage(4302, LogLevel.Warning, "The store last answered {AgeMs} ms ago: {Fault}", EventName = "Silo.StoreUnreachable")]
    public static partial void StoreUnreachable(ILogger logger, double ageMs, string fault);

    [LoggerMessage(
        4303,
        LogLevel.Error,
        "Writes to the store have been failing for {DurationSeconds} s, {Faults} times; the silo is not ready until one succeeds. Last: {Fault}",
        EventName = "Silo.WritesFail")]
    public static partial void WritesFail(ILogger logger, double durationSeconds, long faults, string fault);

    [LoggerMessage(4304, LogLevel.Information, "Writes to the store succeed again.", EventName = "Silo.WritesWork")]
    public static partial void WritesWork(ILogger logger);

    [LoggerMessage(4300, LogLevel.Information, "The data plane listens on {EndPoint}.", EventName = "Silo.Listening")]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(4301, LogLevel.Error, "Connection {Connection} of the data plane failed.", EventName = "Silo.ConnectionFailed")]
    public static partial void ConnectionFailed(ILogger logger, string connection, Exception exception);
}
