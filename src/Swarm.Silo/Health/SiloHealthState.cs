namespace Swarm.Silo.Health;

/// <summary>What is known of a silo.</summary>
/// <param name="IsReady">Whether agents may use it.</param>
/// <param name="Silo">Its status.</param>
/// <param name="Store">What is known of the store.</param>
/// <param name="Writes">For how long writes to the store have been failing, and why; <see langword="null"/> when they work.</param>
internal sealed record SiloHealthState(bool IsReady, SiloStatus Silo, string Store, string? Writes);
