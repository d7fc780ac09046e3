using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>A rewind: an epoch change by the same holder.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">The new epoch.</param>
/// <param name="Length">Positions that are kept.</param>
/// <param name="KvLength">
/// Positions whose KV is kept, at most <paramref name="Length"/>: a run of KV is given up whole, and where runs end depends on what
/// had been merged. Who folds the log over an older root must give up the same.
/// </param>
/// <param name="SecretHash">Hash of the secret that the holder uses from then on.</param>
public sealed record TruncateRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Length,
    long KvLength,
    Digest256 SecretHash) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Truncate;
}
