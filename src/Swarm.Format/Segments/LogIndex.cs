using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>Many segments of a log in one object, without their KV payload: recovery reads one instead of each.</summary>
/// <param name="Writer">The writer whose log it is.</param>
/// <param name="First">Number of the first segment.</param>
/// <param name="Segments">The segments, none missing in between and none a seal; at least one.</param>
public sealed record LogIndex(Id128 Writer, ulong First, IReadOnlyList<Segment> Segments);
