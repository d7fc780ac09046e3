using Swarm.Storage.Blobs;

namespace Swarm.Silo.Stores;

/// <summary>The store as the settings made it. Not disposed of with the services: it outlives them.</summary>
/// <param name="Store">The store.</param>
internal sealed record GivenStore(IBlobStore Store);
