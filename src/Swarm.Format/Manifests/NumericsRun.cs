
namespace Swarm.Format.Manifests;

/// <summary>From a position on, KV of a context may come from a numerics identity.</summary>
/// <param name="FirstPosition">The first position of which that is so; those before it come from others.</param>
/// <param name="Numerics">The identity.</param>
public readonly record struct NumericsRun(long FirstPosition, NumericsIdentity Numerics);
