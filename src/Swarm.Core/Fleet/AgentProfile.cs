namespace Swarm;

/// <summary>What an agent of a fleet says of itself: what it can run, and how well it is placed to.</summary>
public sealed record AgentProfile
{
    /// <summary>Most models of a profile.</summary>
    public const int MaxModels = 64;

    /// <summary>Models that it can run. It is offered contexts of these alone.</summary>
    public IReadOnlyList<ModelFingerprint> Models { get; init; } = [];

    /// <summary>
    /// Positions of KV that it has room for, beside what it holds and follows. 0 or more; default 0: it is offered only what it follows
    /// already. Update it as contexts come and go.
    /// </summary>
    public long FreePositions { get; init; }

    /// <summary>What policies may ask for, and people may want to know: region, battery, link quality. At most 32 names.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Core.Fleet.Labels.None;

    /// <summary>Checks it.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it, its limit and the remedy.</exception>
    public void Validate()
    {
        if (Models.Count is 0 or > MaxModels)
        {
            throw new ArgumentException($"{nameof(AgentProfile)}.{nameof(Models)} has {Models.Count} models; 1 to {MaxModels} are allowed: name those that the agent can run.");
        }

        if (FreePositions < 0)
        {
            throw new ArgumentException($"{nameof(AgentProfile)}.{nameof(FreePositions)} is {FreePositions}; 0 or more is allowed.");
        }

        Core.Fleet.Labels.Check(Labels, nameof(Labels));
    }
}
