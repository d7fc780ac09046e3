using Swarm.Format.Manifests;

namespace Swarm.Tool.Verification;

/// <summary>How a root's tail was folded.</summary>
/// <param name="From">Its first segment.</param>
/// <param name="End">The number where the fold ended: nothing is there, or a seal, or what could not be read.</param>
/// <param name="Records">Records of the context that counted.</param>
/// <param name="IsSealed">Whether it ended at a seal.</param>
internal sealed record TailFold(LogPosition From, ulong End, long Records, bool IsSealed);
