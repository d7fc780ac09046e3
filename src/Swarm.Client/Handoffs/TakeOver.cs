namespace Swarm;

/// <summary>When a session may take a context over from another agent.</summary>
public readonly record struct TakeOver
{
    private TakeOver(TakeOverKind kind, TimeSpan timeout) => (Kind, Timeout) = (kind, timeout);

    /// <summary>As soon as its holder has released it, for this agent or for anybody.</summary>
    public static TakeOver IfReleased { get; } = new(TakeOverKind.IfReleased, TimeSpan.Zero);

    /// <summary>At once, in any case: the holder is fenced.</summary>
    public static TakeOver Now { get; } = new(TakeOverKind.Now, TimeSpan.Zero);

    /// <summary>What is waited for.</summary>
    public TakeOverKind Kind { get; }

    /// <summary>For <see cref="TakeOverKind.IfHolderTimedOut"/>: the time without a heartbeat of the holder.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>As soon as its holder has released it, or has timed out: no heartbeat of it came for some time.</summary>
    /// <param name="timeout">
    /// Time without a heartbeat of the holder. A holder sends one every second (<see cref="MemoryOptions.HeartbeatInterval"/>), so less than
    /// about 2 s takes over from a healthy one.
    /// </param>
    /// <returns>The mode.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeout"/> is not positive.</exception>
    public static TakeOver IfHolderTimedOut(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return new TakeOver(TakeOverKind.IfHolderTimedOut, timeout);
    }
}

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
