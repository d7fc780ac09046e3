namespace Swarm.Inference.Configuration;

/// <summary>
/// Llama 3.1's scaling, <c>rope_type</c> <c>llama3</c>: long wavelengths are stretched by a factor, short ones are kept, and
/// between them the two are blended.
/// </summary>
/// <param name="Factor">Divisor of low frequencies, <c>factor</c>; 1 to 1,000,000.</param>
/// <param name="LowFrequencyFactor">
/// <c>low_freq_factor</c>: wavelengths over <paramref name="OriginalMaxPositions"/> / this are stretched fully. Positive.
/// </param>
/// <param name="HighFrequencyFactor">
/// <c>high_freq_factor</c>: wavelengths under <paramref name="OriginalMaxPositions"/> / this are kept. Over
/// <paramref name="LowFrequencyFactor"/>.
/// </param>
/// <param name="OriginalMaxPositions">
/// Positions of the model before it was stretched, <c>original_max_position_embeddings</c>; 1 to 4,194,304.
/// </param>
public sealed record Llama3RopeScaling(
    double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalMaxPositions) : RopeScaling
{
    /// <summary>Hugging Face's name.</summary>
    public const string TypeName = "llama3";

    private const double MaxFrequencyFactor = 1e6;

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, double Value)> Parameters =>
    [
        ("factor", Factor),
        ("low_freq_factor", LowFrequencyFactor),
        ("high_freq_factor", HighFrequencyFactor),
        ("original_max_position_embeddings", OriginalMaxPositions),
    ];

    /// <inheritdoc/>
    public override double Scale(RopeFrequency frequency)
    {
        var plain = frequency.Plain;

        // How often the original length holds the wavelength: the bounds are given in the same unit.
        var turns = OriginalMaxPositions * plain / (2 * Math.PI);
        var kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
        return (kept * plain) + ((1 - kept) * plain / Factor);
    }

    /// <inheritdoc/>
    public override string? FindFault() => this switch
    {
        { Factor: not (>= 1 and <= LinearRopeScaling.MaxFactor) } =>
            $"factor {Factor} of the rotary scaling is not in [1, {LinearRopeScaling.MaxFactor}]",
        { LowFrequencyFactor: not (> 0 and <= MaxFrequencyFactor) } =>
            $"low_freq_factor {LowFrequencyFactor} is not in (0, {MaxFrequencyFactor}]",
        { HighFrequencyFactor: not <= MaxFrequencyFactor } =>
            $"high_freq_factor {HighFrequencyFactor} is over {MaxFrequencyFactor}",
        _ when !(HighFrequencyFactor > LowFrequencyFactor) =>
            $"high_freq_factor {HighFrequencyFactor} is not over low_freq_factor {LowFrequencyFactor}",
        { OriginalMaxPositions: < 1 or > LlamaConfig.PositionLimit } =>
            $"original_max_position_embeddings is {OriginalMaxPositions}; it must be 1 to {LlamaConfig.PositionLimit}",
        _ => null,
    };
}
