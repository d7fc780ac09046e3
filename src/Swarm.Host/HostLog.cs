using System.Net;
using System.Runtime.InteropServices;

namespace Swarm.Host;

/// <summary>Every log message of the host. Event ids 4200 to 4299.</summary>
internal static partial class HostLog
{
    [LoggerMessage(
        4200,
        LogLevel.Information,
        "The silo is up: gateway {Gateway}, data plane {DataPlane}, health {Health}, cluster {ClusterId}, store: {Store}.",
        EventName = "Host.Up")]
    public static partial void Up(
        ILogger logger, string gateway, string dataPlane, string health, string clusterId, string store);

    [LoggerMessage(4202, LogLevel.Information, "The silo stops: contexts are drained and closed.", EventName = "Host.Stopping")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(4206, LogLevel.Information, "The silo has stopped.", EventName = "Host.Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(4203, LogLevel.Information, "Received {Signal}; the silo stops.", EventName = "Host.Signalled")]
    public static partial void Signalled(ILogger logger, PosixSignal signal);

    [LoggerMessage(4204, LogLevel.Information, "Received {Signal} while contexts are drained; the silo goes on with that.", EventName = "Host.SignalledAgain")]
    public static partial void SignalledAgain(ILogger logger, PosixSignal signal);

    [LoggerMessage(
        4205,
        LogLevel.Warning,
        "Received {Signal} while contexts are drained: the silo ends at once. Contexts that were not closed are recovered from the log when they are opened next.",
        EventName = "Host.EndsAtOnce")]
    public static partial void EndsAtOnce(ILogger logger, PosixSignal signal);

    [LoggerMessage(4212, LogLevel.Critical, "The silo has not stopped within {LimitSeconds} s: a call of its store or disk hangs. The process ends.", EventName = "Host.StopHangs")]
    public static partial void StopHangs(ILogger logger, double limitSeconds);

    [LoggerMessage(
        4213,
        LogLevel.Critical,
        "This silo cannot go on: {Reason} If it was declared dead while it lived: it stood still for too long, or the other silos do not reach it at "
        + "{Endpoint}. The process ends with exit code 1, for a supervisor to start it again.",
        EventName = "Host.CannotGoOn")]
    public static partial void CannotGoOn(ILogger logger, string reason, IPEndPoint endpoint);

    [LoggerMessage(
        4220,
        LogLevel.Information,
        "The silo joins {Count} others: {Silos}. One that does not answer is waited for until it has sent no heartbeat for "
        + "{SilenceSeconds:0} s.",
        EventName = "Host.Joining")]
    public static partial void Joining(ILogger logger, int count, string silos, double silenceSeconds);

    [LoggerMessage(
        4221,
        LogLevel.Warning,
        "The silo tells others to connect to {Address}, which is no address of this machine: they must reach it there, by NAT or "
        + "published ports of the same numbers.",
        EventName = "Host.AddressElsewhere")]
    public static partial void AddressElsewhere(ILogger logger, IPAddress address);

    [LoggerMessage(
        4222,
        LogLevel.Warning,
        "Port {Port}: since the last such message, {Silent} connections were closed because no handshake arrived within "
        + "{GreetingSeconds} s, or to make room; {Full} times all {Most} connection slots were in use and new connections had to wait.",
        EventName = "Host.ConnectionsHeld")]
    public static partial void ConnectionsHeld(
        ILogger logger, string port, int silent, double greetingSeconds, int full, int most);
}
