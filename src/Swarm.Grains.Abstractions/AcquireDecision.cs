using System.Globalization;

namespace Swarm.Grains.Abstractions;

/// <summary>Decides whether a session may have a context, from one snapshot of its state. No side effects.</summary>
internal static class AcquireDecision
{
    /// <summary>Decides on a request.</summary>
    /// <param name="status">The context's durable state; the decision holds for its epoch alone.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="now">The time, on the clock of <see cref="ContextStatus.LastHeartbeat"/>.</param>
    /// <returns><see langword="null"/> when the session may have it; else why not.</returns>
    /// <remarks>
    /// A session owns a context, not an agent: another live session of the same agent is refused like any other, unless the request
    /// says that it is to be fenced. The caller looks for a repeat of a granted request first.
    /// </remarks>
    public static Refusal? Decide(ContextStatus status, AcquireContext request, DateTimeOffset now)
    {
        var asked = request.Model.ComputeFingerprint();
        if (asked != status.Model)
        {
            return new Refusal(
                RefusalCode.WrongModel,
                $"Context '{request.Context}' holds KV of model {status.Model}; the request is for model {asked} "
                + $"('{request.Model.Name}'). Use the model it was made with, or another context.",
                status.Epoch);
        }

        if (request.OnlyInEpoch is { } only && only != status.Epoch.Value)
        {
            return new Refusal(
                RefusalCode.EpochChanged,
                $"Context '{request.Context}' was offered in epoch {only}, and is in epoch {status.Epoch} by now: the offer is void.",
                status.Epoch,
                Holder: status.Holder);
        }

        var silence = now - status.LastHeartbeat;
        var mayTakeSilent = request.Mode == AcquireMode.Force
            || (request.Mode == AcquireMode.IfHolderTimedOut && silence.TotalSeconds >= request.TimeoutSeconds);
        var isOwn = status.Holder.Length > 0 && status.Holder == request.Agent;
        if (mayTakeSilent || (isOwn && request.TakesOwn))
        {
            return null;
        }

        if (status.Holder.Length > 0)
        {
            return Owned(
                isOwn
                    ? $"An earlier session of this agent, '{status.Holder}', holds context '{request.Context}'; this silo has heard nothing of it for {Seconds(silence)}"
                    : $"Agent '{status.Holder}' holds context '{request.Context}'; this silo has heard nothing of it for {Seconds(silence)}",
                status,
                status.Holder,
                silence,
                request);
        }

        return status.ReservedFor.Length == 0 || status.ReservedFor == request.Agent
            ? null
            : Owned(
                $"Context '{request.Context}' was released for agent '{status.ReservedFor}' {Seconds(silence)} ago",
                status,
                status.ReservedFor,
                silence,
                request);
    }

    private static Refusal Owned(string fact, ContextStatus status, string holder, TimeSpan silence, AcquireContext request)
    {
        var remedy = request.Mode == AcquireMode.IfHolderTimedOut
            ? $"the request takes over {Seconds(TimeSpan.FromSeconds(request.TimeoutSeconds))} after the last heartbeat: retry later"
            : status.Holder == request.Agent
                ? "if its process is gone, OpenOrTakeOverAsync goes on at once and fences it; if it lives, give this process another agent name"
                : "wait for its release, or take over when it has timed out (TakeOver.IfHolderTimedOut)";
        return new Refusal(RefusalCode.Owned, $"{fact}; {remedy}.", status.Epoch, Holder: holder)
        {
            RetryAfter = request.Mode == AcquireMode.IfHolderTimedOut ? TimeSpan.FromSeconds(request.TimeoutSeconds) - silence : default,
        };
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):0.###} s");
}
