using Swarm.Core.Fleet;

namespace Swarm;

/// <summary>When a fleet hands a context over by itself, and to whom. Kept with the context: it is durable, and forks take it along.</summary>
/// <remarks>
/// It says when an agent that has joined the fleet is <em>offered</em> the context. Safety does not depend on it: whoever takes the context fences the
/// session before, in storage, as always. Where no agent has joined, nothing is offered.
/// </remarks>
public sealed record HandoffPolicy
{
    /// <summary>Most standbys that a context may ask for.</summary>
    public const int MaxStandbys = 16;

    /// <summary>What a context has that was given none.</summary>
    public static HandoffPolicy Default { get; } = new();

    /// <summary>Of a context that is never offered.</summary>
    public static HandoffPolicy Never { get; } = new() { IsOffered = false, WarmStandbys = 0 };

    /// <summary>Whether the context is offered at all. Default true.</summary>
    public bool IsOffered { get; init; } = true;

    /// <summary>
    /// How long nothing may be heard of the holder before the context is offered. 50 ms to 1 day; default 2 s. A holder sends a heartbeat each
    /// second (<c>MemoryOptions.HeartbeatInterval</c>): less than two of them takes the context from a healthy one.
    /// </summary>
    public TimeSpan HolderSilence { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a holder whose connection was lost may take to connect again. 0 to 1 day; default 100 ms, which a process on a wired network
    /// needs a fraction of. Raise it where links break and mend.
    /// </summary>
    public TimeSpan ReconnectGrace { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Standbys that are to follow the context while somebody holds it, so that one of them takes over without loading. 0 to 16; default 1.</summary>
    public int WarmStandbys { get; init; } = 1;

    /// <summary>Labels that an agent must have, with these values, to be offered the context. None by default.</summary>
    public IReadOnlyDictionary<string, string> RequiredLabels { get; init; } = Labels.None;

    /// <summary>Checks it.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it, its limit and the remedy.</exception>
    public void Validate()
    {
        Check(HolderSilence >= TimeSpan.FromMilliseconds(50) && HolderSilence <= TimeSpan.FromDays(1), nameof(HolderSilence), HolderSilence, "50 ms to 1 day");
        Check(ReconnectGrace >= TimeSpan.Zero && ReconnectGrace <= TimeSpan.FromDays(1), nameof(ReconnectGrace), ReconnectGrace, "0 to 1 day");
        Check(WarmStandbys is >= 0 and <= MaxStandbys, nameof(WarmStandbys), WarmStandbys, "0 to 16");
        Labels.Check(RequiredLabels, nameof(RequiredLabels));

        static void Check(bool isRight, string name, object value, string range)
        {
            if (!isRight)
            {
                throw new ArgumentException($"{nameof(HandoffPolicy)}.{name} is {value}; {range} is allowed.");
            }
        }
    }

    /// <inheritdoc/>
    public bool Equals(HandoffPolicy? other) => other is not null && IsOffered == other.IsOffered && HolderSilence == other.HolderSilence
        && ReconnectGrace == other.ReconnectGrace && WarmStandbys == other.WarmStandbys && Labels.AreEqual(RequiredLabels, other.RequiredLabels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsOffered, HolderSilence, ReconnectGrace, WarmStandbys, RequiredLabels.Count);
}
