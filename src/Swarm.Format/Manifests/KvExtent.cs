using Swarm.Core.Blocks;
using Swarm.Format.Segments;

namespace Swarm.Format.Manifests;

/// <summary>Where KV of a run of positions lies.</summary>
/// <param name="FirstPosition">First position of the run that counts.</param>
/// <param name="Count">Positions that count; a fork may have fewer of a run than were written, but whole steps.</param>
/// <param name="WrittenCount">Positions in the payload, from <paramref name="FirstPosition"/> on.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="PrefixHash">Chain hash through the last position that counts.</param>
/// <param name="Payload">The frames, by absolute offset.</param>
public sealed record KvExtent(
    long FirstPosition, int Count, int WrittenCount, Epoch Epoch, BlockHash PrefixHash, PayloadRef Payload)
{
    /// <summary>First position behind the run.</summary>
    public long EndPosition => FirstPosition + Count;
}
