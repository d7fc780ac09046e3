namespace Swarm;

/// <summary>What a take-over waits for.</summary>
public enum TakeOverKind
{
    /// <summary>The holder's release.</summary>
    IfReleased = 0,

    /// <summary>The holder's release or silence.</summary>
    IfHolderTimedOut = 1,

    /// <summary>Nothing.</summary>
    Now = 2,
}
