namespace Swarm.Tool.Verification;

/// <summary>Objects that no root refers to and that recovery does not need: what collection deletes.</summary>
/// <param name="Kind">Pages, chunks or segments.</param>
/// <param name="Objects">How many.</param>
/// <param name="Bytes">Their bytes.</param>
internal sealed record OrphanCount(string Kind, long Objects, long Bytes);
