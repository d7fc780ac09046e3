using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>Converts between <see cref="Digest256"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class Digest256Converter : IConverter<Digest256, Digest256Surrogate>
{
    /// <inheritdoc/>
    public Digest256 ConvertFromSurrogate(in Digest256Surrogate surrogate) => new(surrogate.Bytes);

    /// <inheritdoc/>
    public Digest256Surrogate ConvertToSurrogate(in Digest256 value) => new(value.ToArray());
}
