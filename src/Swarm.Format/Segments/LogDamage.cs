using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>What is known of a segment that was durable and is lost. As long as it is there, what lies behind the segment stays.</summary>
/// <param name="Writer">The writer whose log it was in.</param>
/// <param name="Sequence">The segment's number.</param>
/// <param name="Last">The last number behind it that was there when it was missed.</param>
/// <param name="Behind">How many segments and seals were there behind it.</param>
/// <param name="Found">When it was missed, in milliseconds.</param>
public sealed record LogDamage(Id128 Writer, ulong Sequence, ulong Last, long Behind, DateTimeOffset Found);
