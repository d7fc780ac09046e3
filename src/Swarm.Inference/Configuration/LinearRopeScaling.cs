namespace Swarm.Inference.Configuration;

/// <summary>Every frequency divided by one factor, <c>rope_type</c> <c>linear</c>.</summary>
/// <param name="Factor">Divisor, <c>factor</c>; 1 to 1,000,000.</param>
public sealed record LinearRopeScaling(double Factor) : RopeScaling
{
    /// <summary>Hugging Face's name.</summary>
    public const string TypeName = "linear";

    internal const double MaxFactor = 1e6;

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, double Value)> Parameters => [("factor", Factor)];

    /// <inheritdoc/>
    public override double Scale(RopeFrequency frequency) => frequency.Plain / Factor;

    /// <inheritdoc/>
    public override string? FindFault() =>
        Factor is >= 1 and <= MaxFactor ? null : $"factor {Factor} of the rotary scaling is not in [1, {MaxFactor}]";
}
