
namespace Swarm.Grains.Abstractions;

/// <summary>Converts between <see cref="SwarmRefusedException"/> and its surrogate.</summary>
/// <remarks>
/// For the base type alone: grains answer with refusals, and throw one, of exactly this type, only where an answer has
/// no place for it.
/// </remarks>
[RegisterConverter]
public sealed class SwarmRefusedConverter : IConverter<SwarmRefusedException, SwarmRefusedSurrogate>
{
    /// <inheritdoc/>
    public SwarmRefusedException ConvertFromSurrogate(in SwarmRefusedSurrogate surrogate) =>
        surrogate.Refusal.ToException();

    /// <inheritdoc/>
    public SwarmRefusedSurrogate ConvertToSurrogate(in SwarmRefusedException value) => new(value.Refusal);
}
