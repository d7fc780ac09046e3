using Swarm.Core.Identity;

namespace Swarm.Format.Segments;

/// <summary>A new holder; or, with an empty agent, a release.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">The new epoch.</param>
/// <param name="Agent">The new holder's name, or empty for a release.</param>
/// <param name="SecretHash">Hash of the holder's secret: the nonce of the request. Of a release, the releaser's.</param>
/// <param name="ReservedFor">Of a release: the successor's name, or empty.</param>
public sealed record EpochRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    string Agent,
    Digest256 SecretHash,
    string ReservedFor) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Epoch;
}
