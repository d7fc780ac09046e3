namespace Swarm;

/// <summary>An agent of a fleet, as the fleet knows it.</summary>
/// <param name="Name">Agent name.</param>
/// <param name="Profile">What it said of itself last.</param>
/// <param name="Follows">Contexts that it follows as a standby, with the positions whose inputs and KV it had.</param>
/// <param name="Holds">How many contexts it holds.</param>
/// <param name="Silence">How long ago it was heard of.</param>
public sealed record FleetAgent(
    string Name, AgentProfile Profile, IReadOnlyDictionary<string, Watermarks> Follows, int Holds, TimeSpan Silence);
