namespace Swarm.Host.Startup;

/// <summary>Ends the process where a stop hangs in spite of all its time limits: a disk or mount may hold up any call for ever.</summary>
internal static class StopLimit
{
    /// <summary>Beyond the time for closing contexts: for grains and connections, and for what is left after them.</summary>
    public static TimeSpan Margin => TimeSpan.FromSeconds(25);

    /// <summary>Starts to count when the silo is told to stop.</summary>
    /// <param name="lifetime">Says when.</param>
    /// <param name="limit">How long a stop may take.</param>
    /// <param name="logger">Where to log.</param>
    public static void Arm(IHostApplicationLifetime lifetime, TimeSpan limit, ILogger logger) =>
        lifetime.ApplicationStopping.Register(() => new Thread(() =>
        {
            Thread.Sleep(limit);
            HostLog.StopHangs(logger, limit.TotalSeconds);
            Environment.Exit(1);
        })
        {
            IsBackground = true,
            Name = "swarm-stop-limit",
        }.Start());
}
