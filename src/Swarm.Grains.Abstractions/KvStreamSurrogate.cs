namespace Swarm.Grains.Abstractions;

/// <summary>Carries one KV stream of a layer group in grain calls.</summary>
/// <param name="Name">Stream name.</param>
/// <param name="DType">Number of the element type.</param>
/// <param name="RowBytes">Bytes of one position of one layer.</param>
[GenerateSerializer, Immutable, Alias("swarm.kv-stream.v1")]
public readonly record struct KvStreamSurrogate(
    [property: Id(0)] string Name, [property: Id(1)] int DType, [property: Id(2)] int RowBytes);
