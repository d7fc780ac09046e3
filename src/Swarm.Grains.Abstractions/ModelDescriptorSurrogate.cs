namespace Swarm.Grains.Abstractions;

/// <summary>Carries a model descriptor in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Name">For people only.</param>
/// <param name="Config">Configuration in a canonical text.</param>
/// <param name="WeightsDigest">Digest over the weights, 32 bytes. Owned by the surrogate.</param>
/// <param name="ComputeDType">Type of activations and weights.</param>
/// <param name="Groups">Layer groups of the KV geometry. Owned by the surrogate.</param>
/// <param name="KeyForm">Form of the stored keys.</param>
/// <param name="PositionEncoding">Position encoding in a canonical text.</param>
/// <param name="Tokenizer">Name or digest of the tokenizer.</param>
/// <param name="Adapter">Name or digest of an adapter, or empty.</param>
[GenerateSerializer, Immutable, Alias("swarm.model.v1")]
public readonly record struct ModelDescriptorSurrogate(
    [property: Id(0)] string Name,
    [property: Id(1)] string Config,
    [property: Id(2)] byte[] WeightsDigest,
    [property: Id(3)] string ComputeDType,
    [property: Id(4)] LayerGroupSurrogate[] Groups,
    [property: Id(5)] string KeyForm,
    [property: Id(6)] string PositionEncoding,
    [property: Id(7)] string Tokenizer,
    [property: Id(8)] string Adapter);
