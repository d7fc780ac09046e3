using Swarm.Core.Identity;

namespace Swarm.Storage.Hosting;

/// <summary>The refusals of this project, with their words.</summary>
internal static class Refusals
{
    public static SwarmRefusedException Stale(Epoch presented, Epoch current, string holder) => new Refusal(
        RefusalCode.StaleEpoch,
        $"Epoch {presented} does not hold the context: epoch {current} is in force, held by "
        + $"{(holder.Length == 0 ? "nobody" : $"'{holder}'")}. This session is over. Open the context again "
        + "with OpenOrTakeOverAsync, or take it over from its holder with TakeOverAsync.",
        current,
        Holder: holder).ToException();

    public static SwarmRefusedException EpochChanged(Epoch expected, Epoch current, string holder) => new Refusal(
        RefusalCode.EpochChanged,
        $"The context is in epoch {current}, not in the expected {expected}. Check the current holder and retry.",
        current,
        Holder: holder).ToException();

    public static SwarmRefusedException Gap(string what, long position, long length) => new Refusal(
        RefusalCode.Gap,
        $"An append of {what} at position {position} leaves a gap: {what} end at {length}. Append from there.",
        Position: length).ToException();

    public static SwarmRefusedException ForkBeyondEnd(string parent, string name, long position, long length) => new Refusal(
        RefusalCode.Gap,
        $"Context '{parent}' has {length} durable positions, so '{name}' cannot be made from it at position {position}. Fork at 0 to {length}, or "
        + "wait until its agent has flushed more.",
        Position: length).ToException();

    public static SwarmRefusedException Conflict(string message, long position) =>
        new Refusal(RefusalCode.Conflict, message, Position: position).ToException();

    public static SwarmRefusedException Invalid(string message) =>
        new Refusal(RefusalCode.Invalid, message).ToException();

    public static SwarmRefusedException NotFound(string message) =>
        new Refusal(RefusalCode.NotFound, message).ToException();

    public static SwarmRefusedException Moved(ContextId context) => new Refusal(
        RefusalCode.Moved, $"Context {context} is not open on this silo any more. Ask the grain where it is.").ToException();

    public static SwarmRefusedException Busy(string message) => new Refusal(RefusalCode.Busy, message).ToException();

    public static SwarmRefusedException Corrupt(string message) =>
        new Refusal(RefusalCode.Corrupt, message).ToException();

    public static SwarmRefusedException Damaged(string what) => Corrupt(
        $"Something in the store is damaged: {what.TrimEnd('.')}. Repeating the request does not help. 'swarm verify' names all that is damaged, what it costs, and what to do.");

    public static SwarmRefusedException NeedsNewer(string what) => Corrupt(
        $"Something in the store was written by a newer Swarm: {what.TrimEnd('.')}. Update the silo.");

    public static SwarmRefusedException StoreReplaced(string fault) => new Refusal(
        RefusalCode.StoreReplaced, $"{fault} What an agent was not told to be durable is still its own: it keeps it, and sends it again later.")
        .ToException();

    public static SwarmRefusedException StoreUnavailable(string reason) => new Refusal(
        RefusalCode.StoreUnavailable, $"The store cannot be used now: {reason} Repeat the request later.")
        .ToException();

    /// <summary>What would send an agent away for good, or calls data damaged, is said only by the incarnation that storage names.</summary>
    /// <param name="context">The context.</param>
    /// <param name="work">What may be refused.</param>
    /// <param name="isCurrent">Asks storage whether the incarnation that refuses is still the current one.</param>
    public static async Task<T> ConfirmAsync<T>(ContextId context, Func<Task<T>> work, Func<Task<bool>> isCurrent)
    {
        try
        {
            return await work();
        }
        catch (SwarmRefusedException error) when (error.Refusal.Code
            is RefusalCode.Gap or RefusalCode.Conflict or RefusalCode.StaleEpoch or RefusalCode.Invalid or RefusalCode.Corrupt)
        {
            if (await isCurrent())
            {
                throw;
            }

            throw Moved(context);
        }
    }
}
