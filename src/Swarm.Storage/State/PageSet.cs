using System.Collections.Immutable;
using Swarm.Format.Objects;

namespace Swarm.Storage.State;

/// <summary>The pages of a manifest at one moment.</summary>
/// <param name="Extents">Pages of KV extents, by position.</param>
/// <param name="Inputs">Pages of inputs, by position.</param>
/// <param name="States">Page of states, if any.</param>
internal sealed record PageSet(
    ImmutableArray<PageRef> Extents, ImmutableArray<PageRef> Inputs, PageRef? States);
