namespace Swarm;

/// <summary>How a run of KV was received into a runtime's memory.</summary>
/// <param name="Opening">Number of the opening of the memory that it came in by. If that was closed since, and steps were computed, the memory may hold others.</param>
/// <param name="Fault">Why it is not all there: it failed a check. <see langword="null"/> where it is there, verified and marked as written.</param>
public sealed record KvInPlace(int Opening, string? Fault);
