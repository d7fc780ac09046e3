namespace Swarm;

/// <summary>What became of a fork.</summary>
/// <param name="IsNew">Whether this call made it; else it was there already, with the same parent and position.</param>
/// <param name="Position">Positions that it shares with its parent.</param>
public readonly record struct Forked(bool IsNew, long Position);
