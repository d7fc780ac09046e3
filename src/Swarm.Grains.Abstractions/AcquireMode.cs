namespace Swarm.Grains.Abstractions;

/// <summary>What to do about the present holder of a context.</summary>
[GenerateSerializer]
public enum AcquireMode
{
    /// <summary>Only if nobody holds it, or it was released for this agent or for anybody.</summary>
    IfFree = 0,

    /// <summary>Also if its holder has timed out.</summary>
    IfHolderTimedOut = 1,

    /// <summary>In any case: the holder is fenced.</summary>
    Force = 2,
}
