using System.Collections.Immutable;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Storage.State;

namespace Swarm.Storage.Contexts;

/// <summary>Makes roots out of durable states.</summary>
internal static class ContextRoots
{
    /// <summary>The root that follows another one, with a state as it is now; its pages are still those of the other.</summary>
    /// <param name="before">The root that it will replace.</param>
    /// <param name="state">The state.</param>
    /// <param name="fresh">A chain hasher at position 0.</param>
    /// <param name="nonce">Fresh.</param>
    /// <param name="incarnationId">The incarnation that writes it, or default for a clean close.</param>
    /// <param name="tails">Where newer records may be.</param>
    public static ContextRoot Next(
        ContextRoot before,
        DurableContext state,
        PrefixHasher fresh,
        Id128 nonce,
        Id128 incarnationId,
        ImmutableArray<LogPosition> tails) => before with
        {
            Nonce = nonce,
            Generation = before.Generation + 1,
            Epoch = state.Ownership.Epoch,
            Holder = state.Ownership.Holder,
            ReservedFor = state.Ownership.ReservedFor,
            SecretHash = state.Ownership.SecretHash,
            TokenLength = state.Inputs.Length,
            KvLengths = [.. Enumerable.Repeat(state.Extents.Length, before.KvLengths.Length)],
            BlockChain = state.Inputs.HasherAt(fresh, state.Inputs.Length).Parent,
            IncarnationId = incarnationId,
            Tails = tails,
            Loss = state.Losses.Loss,
        };

    /// <summary>The same root with other pages.</summary>
    public static ContextRoot With(this ContextRoot root, PageSet pages) => root with
    {
        ExtentPages = pages.Extents,
        InputPages = pages.Inputs,
        StatePage = pages.States,
    };
}
