namespace Swarm.Host.Health;

/// <summary>What a health endpoint answers, as JSON.</summary>
/// <param name="Status"><c>live</c>, <c>ready</c> or <c>not ready</c>.</param>
/// <param name="Silo">Status of the silo.</param>
/// <param name="Store">What is known of the store.</param>
/// <param name="Writes">For how long writes to the store have been failing, and why; absent when they work.</param>
internal sealed record HealthReport(string Status, string? Silo, string? Store, string? Writes = null);
