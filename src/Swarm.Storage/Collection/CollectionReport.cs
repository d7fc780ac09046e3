namespace Swarm.Storage.Collection;

/// <summary>What a round of collection did.</summary>
/// <param name="Deleted">Objects deleted.</param>
/// <param name="DeletedBytes">Their bytes.</param>
/// <param name="Kept">Segments, chunks and pages that stay.</param>
/// <param name="EndedEarly">Why it deleted no more; <see langword="null"/> when it went through.</param>
public sealed record CollectionReport(int Deleted, long DeletedBytes, int Kept, string? EndedEarly);
