namespace Swarm.DataPlane.Client;

/// <summary>What a server allows.</summary>
/// <param name="MaxAttachments">Attachments of one connection.</param>
/// <param name="MaxPendingRequests">Unanswered requests of one attachment, and unanswered attaches of one connection.</param>
/// <param name="MaxRecordBytes">Largest KV payload.</param>
public sealed record DataPlaneLimits(int MaxAttachments, int MaxPendingRequests, int MaxRecordBytes);
