namespace DroneHandoff.Processes;

/// <summary>How long the orchestrator waits before it says what is missing.</summary>
internal static class Patience
{
    /// <summary>For a process to be ready: a model of some billion weights may be read from disk.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromMinutes(10);

    /// <summary>For work that grows with the positions.</summary>
    public static readonly TimeSpan Work = TimeSpan.FromMinutes(60);

    /// <summary>For a few calls.</summary>
    public static readonly TimeSpan Answer = TimeSpan.FromMinutes(2);
}
