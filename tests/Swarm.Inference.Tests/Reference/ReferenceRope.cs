using Swarm.Inference.Configuration;

namespace Swarm.Inference.Tests.Reference;

/// <summary>Scaled rotary frequencies as their authors' codes compute them, from the numbers of a configuration alone.</summary>
internal static class ReferenceRope
{
    /// <summary>Radians a position.</summary>
    public static double Frequency(int index, int size, double theta, RopeScaling? scaling)
    {
        var plain = 1 / Math.Pow(theta, 2.0 * index / size);
        return scaling switch
        {
            LinearRopeScaling linear => plain / linear.Factor,
            Llama3RopeScaling llama3 => Llama3(plain, llama3),
            YarnRopeScaling yarn => Yarn(plain, index, size, theta, yarn),
            _ => plain,
        };
    }

    /// <summary>What queries and keys are multiplied by.</summary>
    public static double Magnitude(RopeScaling? scaling)
    {
        if (scaling is not YarnRopeScaling yarn)
        {
            return 1;
        }

        double Of(double weight) => yarn.Factor > 1 ? (0.1 * weight * Math.Log(yarn.Factor)) + 1 : 1;
        return yarn.GivenAttentionFactor ?? (yarn.Mscale > 0 && yarn.MscaleAllDim > 0 ? Of(yarn.Mscale) / Of(yarn.MscaleAllDim) : Of(1));
    }

    // By wavelengths, as Llama 3.1's own code does; the model blends by frequencies.
    private static double Llama3(double frequency, Llama3RopeScaling llama3)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < llama3.OriginalMaxPositions / llama3.HighFrequencyFactor)
        {
            return frequency;
        }

        if (wavelength > llama3.OriginalMaxPositions / llama3.LowFrequencyFactor)
        {
            return frequency / llama3.Factor;
        }

        var smooth = ((llama3.OriginalMaxPositions / wavelength) - llama3.LowFrequencyFactor)
            / (llama3.HighFrequencyFactor - llama3.LowFrequencyFactor);
        return ((1 - smooth) * frequency / llama3.Factor) + (smooth * frequency);
    }

    // The ramp of the paper's own code over all indices, from which one is taken.
    private static double Yarn(double frequency, int index, int size, double theta, YarnRopeScaling yarn)
    {
        double Correction(double rotations) =>
            size * Math.Log(yarn.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));

        var low = Math.Max(yarn.Truncate ? Math.Floor(Correction(yarn.BetaFast)) : Correction(yarn.BetaFast), 0);
        var high = Math.Min(yarn.Truncate ? Math.Ceiling(Correction(yarn.BetaSlow)) : Correction(yarn.BetaSlow), size - 1);
        var ramp = Enumerable.Range(0, size / 2)
            .Select(one => Math.Clamp((one - low) / (low == high ? 0.001 : high - low), 0, 1))
            .ToArray();
        var kept = 1 - ramp[index];
        return (frequency / yarn.Factor * (1 - kept)) + (frequency * kept);
    }
}
