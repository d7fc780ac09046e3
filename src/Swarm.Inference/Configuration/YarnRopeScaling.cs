namespace Swarm.Inference.Configuration;

/// <summary>
/// YaRN, <c>rope_type</c> <c>yarn</c> (Peng et al., arXiv 2309.00071): frequencies that turn rarely within the original length are divided by a
/// factor, those that turn often are kept, between them is a ramp over their indices; queries and keys grow with the factor.
/// </summary>
/// <param name="Factor">Divisor of low frequencies, <c>factor</c>; 1 to 1,000,000.</param>
/// <param name="OriginalMaxPositions">
/// Positions of the model before it was stretched, <c>original_max_position_embeddings</c>; 1 to 4,194,304.
/// </param>
public sealed record YarnRopeScaling(double Factor, int OriginalMaxPositions) : RopeScaling
{
    /// <summary>Hugging Face's name.</summary>
    public const string TypeName = "yarn";

    private const double MaxNumber = 1e6;

    /// <summary>
    /// <c>attention_factor</c>; <see langword="null"/> to have it computed: 0.1 × ln(factor) + 1, or the quotient of that with
    /// <see cref="Mscale"/> and <see cref="MscaleAllDim"/> as weights of the logarithm.
    /// </summary>
    public double? GivenAttentionFactor { get; init; }

    /// <summary>Turns in the original length from which on a frequency is kept, <c>beta_fast</c>. Over <see cref="BetaSlow"/>.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Turns in the original length up to which a frequency is divided, <c>beta_slow</c>. Positive.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary><c>mscale</c>; 0 where it is not given.</summary>
    public double Mscale { get; init; }

    /// <summary><c>mscale_all_dim</c>, which latent attention has in its scale too; 0 where it is not given.</summary>
    public double MscaleAllDim { get; init; }

    /// <summary>Whether the ramp begins and ends at whole indices, <c>truncate</c>.</summary>
    public bool Truncate { get; init; } = true;

    /// <inheritdoc/>
    public override string Type => TypeName;

    /// <inheritdoc/>
    public override double AttentionFactor => GivenAttentionFactor
        ?? (Mscale != 0 && MscaleAllDim != 0 ? Magnitude(Mscale) / Magnitude(MscaleAllDim) : Magnitude(1));

    /// <inheritdoc/>
    public override double LatentScaleFactor => MscaleAllDim == 0 ? 1 : Magnitude(MscaleAllDim) * Magnitude(MscaleAllDim);

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, double Value)> Parameters =>
    [
        ("factor", Factor),
        ("original_max_position_embeddings", OriginalMaxPositions),
        ("beta_fast", BetaFast),
        ("beta_slow", BetaSlow),
        .. GivenAttentionFactor is { } given ? [("attention_factor", given)] : Array.Empty<(string, double)>(),
        .. Mscale != 0 ? [("mscale", Mscale)] : Array.Empty<(string, double)>(),
        .. MscaleAllDim != 0 ? [("mscale_all_dim", MscaleAllDim)] : Array.Empty<(string, double)>(),
        .. Truncate ? Array.Empty<(string, double)>() : [("truncate", 0)],
    ];

    /// <inheritdoc/>
    public override double Scale(RopeFrequency frequency)
    {
        var low = IndexOf(BetaFast, frequency);
        var high = IndexOf(BetaSlow, frequency);
        if (Truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, frequency.Dimensions - 1));
        var width = high == low ? 0.001 : high - low; // As transformers does it, against a division by 0.
        var stretched = Math.Clamp((frequency.Index - low) / width, 0, 1);
        return (stretched * frequency.Plain / Factor) + ((1 - stretched) * frequency.Plain);
    }

    /// <inheritdoc/>
    public override string? FindFault() => this switch
    {
        { Factor: not (>= 1 and <= LinearRopeScaling.MaxFactor) } =>
            $"factor {Factor} of the rotary scaling is not in [1, {LinearRopeScaling.MaxFactor}]",
        { OriginalMaxPositions: < 1 or > LlamaConfig.PositionLimit } =>
            $"original_max_position_embeddings is {OriginalMaxPositions}; it must be 1 to {LlamaConfig.PositionLimit}",
        { BetaSlow: not (> 0 and <= MaxNumber) } => $"beta_slow {BetaSlow} is not in (0, {MaxNumber}]",
        { BetaFast: not <= MaxNumber } => $"beta_fast {BetaFast} is over {MaxNumber}",
        _ when !(BetaFast > BetaSlow) => $"beta_fast {BetaFast} is not over beta_slow {BetaSlow}",
        { GivenAttentionFactor: not (null or (> 0 and <= MaxNumber)) } =>
            $"attention_factor {GivenAttentionFactor} is not in (0, {MaxNumber}]",
        { Mscale: not (>= 0 and <= MaxNumber) } => $"mscale {Mscale} is not in [0, {MaxNumber}]",
        { MscaleAllDim: not (>= 0 and <= MaxNumber) } => $"mscale_all_dim {MscaleAllDim} is not in [0, {MaxNumber}]",
        _ => null,
    };

    private double Magnitude(double weight) => Factor <= 1 ? 1 : (0.1 * weight * Math.Log(Factor)) + 1;

    /// <summary>Index of the frequency that turns so often within the original length.</summary>
    private double IndexOf(double turns, RopeFrequency frequency) =>
        frequency.Dimensions * Math.Log(OriginalMaxPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(frequency.Theta));
}
