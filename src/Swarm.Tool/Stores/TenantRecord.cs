using Swarm.Core.Blocks;

namespace Swarm.Tool.Stores;

/// <summary>A tenant's record. The key is never shown.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">Key of its block hashes.</param>
internal sealed record TenantRecord(string Name, TenantKey Key);
