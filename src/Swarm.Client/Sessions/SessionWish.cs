
using Swarm.Core.Identity;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Sessions;

/// <summary>How a session asks for its context.</summary>
/// <param name="Mode">What is waited for; <see langword="null"/> to be refused at once by whoever holds the context.</param>
/// <param name="MayCreate">Whether a context that does not exist is made.</param>
/// <param name="TakesOwn">Whether a session of this agent is fenced at once.</param>
/// <param name="OnlyInEpoch">The epoch that must be in force; <see langword="null"/> for any.</param>
internal readonly record struct SessionWish(TakeOver? Mode, bool MayCreate, bool TakesOwn, ulong? OnlyInEpoch = null)
{
    /// <summary>The wish in one word, for measurements.</summary>
    public string Kind => Mode is null ? "open" : MayCreate ? "open_or_take_over" : "take_over";

    public static SessionWish ToOpen => new(null, MayCreate: true, TakesOwn: false);

    public static SessionWish ToTakeOver(TakeOver mode) => new(mode, MayCreate: false, TakesOwn: false);

    public static SessionWish ToOpenOrTakeOver(TakeOver mode) => new(mode, MayCreate: true, TakesOwn: true);

    /// <summary>The request that says so.</summary>
    public AcquireContext ToRequest(string context, string agent, Digest256 secretHash, ModelDescriptor model, int blockTokens) => new(
        context,
        agent,
        secretHash,
        Mode switch
        {
            { Kind: TakeOverKind.IfHolderTimedOut } => AcquireMode.IfHolderTimedOut,
            { Kind: TakeOverKind.Now } => AcquireMode.Force,
            _ => AcquireMode.IfFree,
        },
        Mode?.Timeout.TotalSeconds ?? 0,
        model,
        blockTokens,
        MayCreate,
        TakesOwn,
        OnlyInEpoch);
}
