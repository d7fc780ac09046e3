namespace Swarm.Testing.Faults;

/// <summary>How often requests suffer, each from 0 to 1; the rest is answered. Hangs are only for single requests.</summary>
public sealed record FaultRates
{
    /// <summary>Share of <see cref="BlobFault.Busy"/>.</summary>
    public double Busy { get; init; }

    /// <summary>Share of <see cref="BlobFault.LostRequest"/>.</summary>
    public double LostRequest { get; init; }

    /// <summary>Share of <see cref="BlobFault.LostAnswer"/>.</summary>
    public double LostAnswer { get; init; }

    /// <summary>Longest delay before a request takes effect, and again before it is answered; drawn evenly from 0 on.</summary>
    public TimeSpan MaxDelay { get; init; }
}
