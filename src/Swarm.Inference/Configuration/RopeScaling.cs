namespace Swarm.Inference.Configuration;

/// <summary>How the rotary frequencies are scaled, Hugging Face's <c>rope_scaling</c> or <c>rope_parameters</c>.</summary>
/// <remarks>No scaling (<c>default</c>) is <see langword="null"/> in a <see cref="LlamaConfig"/>.</remarks>
public abstract record RopeScaling
{
    /// <summary>Hugging Face's name, <c>rope_type</c>.</summary>
    public abstract string Type { get; }

    /// <summary>Its numbers by Hugging Face's names, in a fixed order: what is written, and hashed into the fingerprint.</summary>
    public abstract IReadOnlyList<(string Name, double Value)> Parameters { get; }

    /// <summary>Scales one frequency.</summary>
    /// <param name="frequency">Radians a position, in (0, 1].</param>
    /// <returns>The frequency to rotate with.</returns>
    public abstract double Scale(double frequency);

    /// <summary>Checks every number.</summary>
    /// <returns>What is wrong, with value and limit, or <see langword="null"/>.</returns>
    public abstract string? FindFault();
}
