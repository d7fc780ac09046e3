namespace DroneHandoff.Roles;

/// <summary>The hidden roles in which this program starts itself.</summary>
internal static class RoleNames
{
    /// <summary>First argument of a role's process.</summary>
    public const string Switch = "--role";

    /// <summary>The predecessor: streams its memory while it works.</summary>
    public const string AgentA = "agent-a";

    /// <summary>The successor, and a replayed session of the predecessor.</summary>
    public const string AgentB = "agent-b";

    /// <summary>The successor that follows the predecessor.</summary>
    public const string Standby = "standby";

    /// <summary>The reference: the same loop, never interrupted, without Swarm.</summary>
    public const string Twin = "twin";

    /// <summary>Runs another program, and ends it when this one's parent is gone.</summary>
    public const string Guard = "guard";
}
