
namespace Swarm.Grains.Abstractions;

/// <summary>A lease, or why there is none.</summary>
/// <param name="Lease">The lease, or <see langword="null"/>.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.acquire-answer.v1")]
public sealed record AcquireAnswer([property: Id(0)] ContextLease? Lease, [property: Id(1)] Refusal? Refusal);
