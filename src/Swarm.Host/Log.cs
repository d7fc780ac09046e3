using System.Runtime.InteropServices;

namespace Swarm.Host;

/// <summary>Every log message of the host. Event ids 4200 to 4299.</summary>
internal static partial class Log
{
    [LoggerMessage(
        4200,
        LogLevel.Information,
        "The silo is up: gateway {Gateway}, data plane {DataPlane}, health {Health}, cluster {ClusterId}, store {Store}.")]
    public static partial void Up(
        ILogger logger, string gateway, string dataPlane, string health, string clusterId, string store);

    [LoggerMessage(4201, LogLevel.Warning, "The store last answered {AgeMs} ms ago: {Fault}")]
    public static partial void StoreUnreachable(ILogger logger, double ageMs, string fault);

    [LoggerMessage(4202, LogLevel.Information, "The silo stops: contexts are drained and closed.")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(4203, LogLevel.Information, "{Signal} came.")]
    public static partial void Signalled(ILogger logger, PosixSignal signal);

    [LoggerMessage(4204, LogLevel.Information, "{Signal} came while contexts are drained; the silo goes on with that.")]
    public static partial void SignalledAgain(ILogger logger, PosixSignal signal);

    [LoggerMessage(
        4205,
        LogLevel.Warning,
        "{Signal} came while contexts are drained: the silo ends at once. Whoever opens what was not closed recovers it from the log.")]
    public static partial void EndsAtOnce(ILogger logger, PosixSignal signal);

    [LoggerMessage(
        4210,
        LogLevel.Error,
        "Writes to the store have been failing for {DurationSeconds} s, {Faults} times; the silo is not ready until one succeeds. Last: {Fault}")]
    public static partial void WritesFail(ILogger logger, double durationSeconds, long faults, string fault);

    [LoggerMessage(4211, LogLevel.Information, "Writes to the store succeed again.")]
    public static partial void WritesWork(ILogger logger);

    [LoggerMessage(4212, LogLevel.Critical, "The silo has not stopped within {LimitSeconds} s: a call of its store or disk hangs. The process ends.")]
    public static partial void StopHangs(ILogger logger, double limitSeconds);
}
