namespace Swarm.Grains.Abstractions;

/// <summary>Converts between <see cref="Refusal"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class RefusalConverter : IConverter<Refusal, RefusalSurrogate>
{
    /// <inheritdoc/>
    public Refusal ConvertFromSurrogate(in RefusalSurrogate surrogate) => new(
        (RefusalCode)surrogate.Code,
        surrogate.Message,
        new Epoch(surrogate.CurrentEpoch),
        surrogate.Position,
        surrogate.Holder)
    {
        RetryAfter = surrogate.RetryAfter,
    };

    /// <inheritdoc/>
    public RefusalSurrogate ConvertToSurrogate(in Refusal value) =>
        new((int)value.Code, value.Message, value.CurrentEpoch.Value, value.Position, value.Holder, value.RetryAfter);
}
