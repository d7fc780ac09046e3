namespace Swarm.Client.Handoffs;

/// <summary>When a session may take a context over from another agent.</summary>
public readonly record struct TakeOver
{
    private TakeOver(TakeOverKind kind, TimeSpan silence) => (Kind, Silence) = (kind, silence);

    /// <summary>As soon as its holder has released it, for this agent or for anybody.</summary>
    public static TakeOver IfReleased { get; } = new(TakeOverKind.IfReleased, TimeSpan.Zero);

    /// <summary>At once, in any case: the holder is fenced.</summary>
    public static TakeOver Now { get; } = new(TakeOverKind.Now, TimeSpan.Zero);

    /// <summary>What is waited for.</summary>
    public TakeOverKind Kind { get; }

    /// <summary>For <see cref="TakeOverKind.IfSilent"/>: how long the holder must have been silent.</summary>
    public TimeSpan Silence { get; }

    /// <summary>As soon as its holder has released it, or has been silent long enough.</summary>
    /// <param name="silence">
    /// How long the silo must not have heard from the holder. A holder says something every second, so less than about
    /// 2 s takes over from a healthy one.
    /// </param>
    /// <returns>The mode.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="silence"/> is not positive.</exception>
    public static TakeOver IfSilent(TimeSpan silence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(silence, TimeSpan.Zero);
        return new TakeOver(TakeOverKind.IfSilent, silence);
    }
}
