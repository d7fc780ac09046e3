namespace Swarm.Storage.Tests.Simulation;

/// <summary>What happened in a run, or in several.</summary>
internal readonly record struct ExplorationCounts(int Acknowledged, int Faults, int Deleted, int Chunks, int Indexes, int Roots, int Forks, int LostWriters, int LossesTold, int TakeOvers)
{
    public static ExplorationCounts operator +(ExplorationCounts left, ExplorationCounts right) => new(
        left.Acknowledged + right.Acknowledged,
        left.Faults + right.Faults,
        left.Deleted + right.Deleted,
        left.Chunks + right.Chunks,
        left.Indexes + right.Indexes,
        left.Roots + right.Roots,
        left.Forks + right.Forks,
        left.LostWriters + right.LostWriters,
        left.LossesTold + right.LossesTold,
        left.TakeOvers + right.TakeOvers);
}
