namespace Swarm.Grains.Abstractions;

/// <summary>Carries one layer group of a KV geometry in grain calls.</summary>
/// <param name="Kind">Number of the kind.</param>
/// <param name="Layers">The model's layer indices. Owned by the surrogate.</param>
/// <param name="Streams">The streams of every layer. Owned by the surrogate.</param>
/// <param name="WindowPositions">Window, in positions, or 0.</param>
/// <param name="SinkPositions">Sinks, in positions, or 0.</param>
[GenerateSerializer, Immutable, Alias("swarm.layer-group.v1")]
public readonly record struct LayerGroupSurrogate(
    [property: Id(0)] int Kind,
    [property: Id(1)] int[] Layers,
    [property: Id(2)] KvStreamSurrogate[] Streams,
    [property: Id(3)] int WindowPositions,
    [property: Id(4)] int SinkPositions);
