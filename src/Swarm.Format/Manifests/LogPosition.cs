using Swarm.Core.Identity;

namespace Swarm.Format.Manifests;

/// <summary>A place in a writer's log: the first segment that may hold records newer than a root.</summary>
/// <param name="Writer">The writer.</param>
/// <param name="Sequence">Segment number.</param>
public readonly record struct LogPosition(Id128 Writer, ulong Sequence);
