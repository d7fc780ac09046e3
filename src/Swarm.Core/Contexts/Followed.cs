using Swarm.Core.Blocks;

namespace Swarm.Core.Contexts;

/// <summary>What a follower has of a context: where it goes on.</summary>
/// <param name="Epoch">The epoch that it heard of last. A hint: it says which rewinds the follower has seen.</param>
/// <param name="Position">Positions whose inputs it has, from 0 on.</param>
/// <param name="Hash">Chain hash through the last of them. What it has is taken for the context's only where the context has the same hash there.</param>
/// <param name="KvPosition">Positions whose KV it has, from 0 on; at most <paramref name="Position"/>.</param>
public readonly record struct FollowPoint(Epoch Epoch, long Position, BlockHash Hash, long KvPosition);

/// <summary>One thing that a follower is told: an epoch, inputs, or KV.</summary>
public readonly record struct Followed
{
    private Followed(FollowedEpoch? epoch, InputRun? inputs, KvRunData? kv) => (Epoch, Inputs, Kv) = (epoch, inputs, kv);

    /// <summary>An epoch that came into force.</summary>
    public FollowedEpoch? Epoch { get; }

    /// <summary>Durable inputs that follow on what the follower has.</summary>
    public InputRun? Inputs { get; }

    /// <summary>Durable KV, as <see cref="IOpenContext.ReadKvAsync"/> gives it; to be disposed.</summary>
    public KvRunData? Kv { get; }

    /// <summary>An epoch that came into force.</summary>
    public static Followed Of(FollowedEpoch epoch) => new(epoch, null, null);

    /// <summary>Inputs.</summary>
    public static Followed Of(InputRun inputs) => new(null, inputs, null);

    /// <summary>KV.</summary>
    public static Followed Of(KvRunData kv) => new(null, null, kv);
}

/// <summary>An epoch that a follower hears of, and what it keeps of what it has.</summary>
/// <param name="Epoch">The epoch in force.</param>
/// <param name="Kept">
/// Positions to keep. Where they are fewer than the follower has, a rewind took the others back, or they are not known to be the
/// context's: the follower forgets them, and follows anew.
/// </param>
public sealed record FollowedEpoch(Epoch Epoch, Watermarks Kept);
