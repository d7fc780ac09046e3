namespace DroneHandoff.Models;

/// <summary>What is known of a model before its weights are read.</summary>
/// <param name="MaxPositions">Its longest sequence.</param>
/// <param name="PositionsKey">What of its files says so.</param>
/// <param name="Ignored">What of its files is not known, and is not used.</param>
internal sealed record ModelCheck(int MaxPositions, string PositionsKey, IReadOnlyList<string> Ignored);
