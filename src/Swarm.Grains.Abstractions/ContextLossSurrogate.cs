namespace Swarm.Grains.Abstractions;

/// <summary>Carries a context's loss in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Writer">Id of the writer, in hex.</param>
/// <param name="Sequence">Number of the lost segment.</param>
/// <param name="Kept">Positions whose inputs were left.</param>
/// <param name="Known">Positions that its inputs are known to have reached.</param>
/// <param name="IsCertain">Whether something of this context was lost for certain.</param>
[GenerateSerializer, Immutable, Alias("swarm.context-loss.v1")]
public readonly record struct ContextLossSurrogate(
    [property: Id(0)] string Writer,
    [property: Id(1)] ulong Sequence,
    [property: Id(2)] long Kept,
    [property: Id(3)] long Known,
    [property: Id(4)] bool IsCertain);
