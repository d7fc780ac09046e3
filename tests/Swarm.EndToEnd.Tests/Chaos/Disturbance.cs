namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>What a round breaks.</summary>
internal enum Disturbance
{
    /// <summary>SIGKILL of an agent process; successors take over.</summary>
    KillAgents,

    /// <summary>SIGSTOP of an agent process; successors take over; SIGCONT: the zombies find themselves fenced.</summary>
    StopAgents,

    /// <summary>A planned handoff: the agents give their contexts back, successors take them.</summary>
    ReleaseAgents,

    /// <summary>SIGKILL of a silo, which is started again.</summary>
    KillSilo,

    /// <summary>SIGSTOP of a silo until others serve its contexts, then SIGCONT: it must end by itself.</summary>
    StopSilo,

    /// <summary>SIGSTOP and SIGCONT of a silo in less time than it takes to be declared dead.</summary>
    PauseSilo,

    /// <summary>SIGTERM of a silo, which is started again.</summary>
    RestartSilo,

    /// <summary>SIGKILL of a silo and of an agent process at once.</summary>
    KillSiloAndAgents,
}
