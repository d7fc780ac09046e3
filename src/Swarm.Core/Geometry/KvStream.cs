namespace Swarm;

/// <summary>One of the parallel sequences that a layer caches: K and V, or the latent and the rope stream of MLA.</summary>
/// <param name="Name">1 to 32 characters, such as <c>k</c>, <c>v</c>, <c>latent</c>, <c>rope</c>.</param>
/// <param name="DType">Element type.</param>
/// <param name="RowBytes">Bytes of one position of one layer, 1 to 1 MiB.</param>
public sealed record KvStream(string Name, KvDType DType, int RowBytes);
