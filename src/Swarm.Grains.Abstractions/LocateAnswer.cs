
namespace Swarm.Grains.Abstractions;

/// <summary>A data plane's address, or a refusal.</summary>
/// <param name="DataPlane">The address, <c>host:port</c>.</param>
/// <param name="Refusal">Why not, or <see langword="null"/>.</param>
[GenerateSerializer, Immutable, Alias("swarm.locate-answer.v1")]
public sealed record LocateAnswer([property: Id(0)] string DataPlane, [property: Id(1)] Refusal? Refusal);
