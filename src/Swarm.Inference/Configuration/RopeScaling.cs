namespace Swarm.Inference.Configuration;

/// <summary>How the rotary frequencies are scaled, Hugging Face's <c>rope_scaling</c> or <c>rope_parameters</c>.</summary>
/// <remarks>No scaling (<c>default</c>) is <see langword="null"/> in a <see cref="LlamaConfig"/>.</remarks>
public abstract record RopeScaling
{
    /// <summary>Hugging Face's name, <c>rope_type</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Its numbers by Hugging Face's names, in a fixed order: what is written, and hashed into the fingerprint.</summary>
    public abstract IReadOnlyList<(string Name, double Value)> Parameters { get; }

    /// <summary>What cosines and sines are multiplied by, and so queries and keys; 1 for most types.</summary>
    public virtual double AttentionFactor => 1;

    /// <summary>What the scale of latent attention is multiplied by; 1 for most types.</summary>
    public virtual double LatentScaleFactor => 1;

    /// <summary>Scales one frequency.</summary>
    /// <param name="frequency">Which, and its plain value.</param>
    /// <returns>Radians a position, to rotate with.</returns>
    public abstract double Scale(RopeFrequency frequency);

    /// <summary>Checks every number.</summary>
    /// <returns>What is wrong, with value and limit, or <see langword="null"/>.</returns>
    public abstract string? FindFault();
}

/// <summary>One frequency of a rotary embedding (Su et al., arXiv 2104.09864).</summary>
/// <param name="Index">Which pair of elements it rotates, from 0.</param>
/// <param name="Dimensions">Elements that are rotated, even.</param>
/// <param name="Theta">The base.</param>
public readonly record struct RopeFrequency(int Index, int Dimensions, double Theta)
{
    /// <summary>Radians a position without scaling, in (0, 1]: base to the power of -2 × index / dimensions.</summary>
    public double Plain => Math.Pow(Theta, -2.0 * Index / Dimensions);
}
