using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>Converts between <see cref="ContextLoss"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class ContextLossConverter : IConverter<ContextLoss, ContextLossSurrogate>
{
    /// <inheritdoc/>
    public ContextLoss ConvertFromSurrogate(in ContextLossSurrogate surrogate) => new(
        Id128.TryParse(surrogate.Writer, out var writer) ? writer : default,
        surrogate.Sequence,
        surrogate.Kept,
        surrogate.Known,
        surrogate.IsCertain);

    /// <inheritdoc/>
    public ContextLossSurrogate ConvertToSurrogate(in ContextLoss value) =>
        new(value.Writer.ToString(), value.Sequence, value.Kept, value.Known, value.IsCertain);
}
