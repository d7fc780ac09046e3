namespace Swarm.Storage.Manifests;

/// <summary>Outcome of a conditional write of a root.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="ETag">ETag of what is there now, as far as known.</param>
internal readonly record struct RootWrite(RootOutcome Outcome, string ETag);
