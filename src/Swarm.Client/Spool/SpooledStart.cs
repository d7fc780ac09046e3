namespace Swarm.Client.Spool;

/// <summary>What a session with a spool starts with.</summary>
/// <param name="Spool">Its spool.</param>
/// <param name="Recovery">What it found of itself, if it goes on.</param>
/// <param name="Leftovers">What earlier sessions left over.</param>
internal sealed record SpooledStart(SessionSpool Spool, SpoolRecovery? Recovery, IReadOnlyList<SpoolLeftover> Leftovers);
