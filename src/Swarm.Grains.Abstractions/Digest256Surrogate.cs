namespace Swarm.Grains.Abstractions;

/// <summary>Carries a digest in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Bytes">The encoded digest, 32 bytes. Owned by the surrogate.</param>
[GenerateSerializer, Immutable, Alias("swarm.digest.v1")]
public readonly record struct Digest256Surrogate([property: Id(0)] byte[] Bytes);
