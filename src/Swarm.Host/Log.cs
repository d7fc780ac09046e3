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
}
