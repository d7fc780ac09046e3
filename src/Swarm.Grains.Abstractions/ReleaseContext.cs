using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>A request to give a context back.</summary>
/// <param name="Context">Context name.</param>
/// <param name="Epoch">Epoch of the session.</param>
/// <param name="SecretHash">Hash of the session's secret.</param>
/// <param name="To">Successor's agent name, or empty for anybody.</param>
[GenerateSerializer, Immutable, Alias("swarm.release.v1")]
public sealed record ReleaseContext(
    [property: Id(0)] string Context,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] Digest256 SecretHash,
    [property: Id(3)] string To);
