using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Format.Segments;

/// <summary>One append of one context, as a segment's index holds it.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation of the context that queued it; a fold takes only those of the root's open.</param>
/// <param name="Epoch">Epoch of the append; of epoch changes, the new epoch.</param>
public abstract record LogRecord(ContextId Context, Id128 IncarnationId, Epoch Epoch)
{
    /// <summary>Its type.</summary>
    public abstract RecordType Type { get; }
}

/// <summary>Inputs that are not tokens: their digests here, their bytes as payload.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Digests">SHA-256 of each position's input.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
/// <param name="Payload">The inputs' bytes.</param>
public sealed record InputRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    IReadOnlyList<Digest256> Digests,
    BlockHash PrefixHash,
    PayloadRef Payload) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Input;
}

/// <summary>Named state, at most 64 KiB.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">Positions that the state has seen.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes.</param>
public sealed record StateRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    string Name,
    ReadOnlyMemory<byte> Content) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.State;
}

/// <summary>KV of a run of positions, whose bytes are payload.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Count">Positions, at least 1.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
/// <param name="Payload">The frames.</param>
public sealed record KvRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    int Count,
    BlockHash PrefixHash,
    PayloadRef Payload) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Kv;
}

/// <summary>Token ids of consecutive positions.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Position">First position.</param>
/// <param name="Tokens">Token ids, at least one.</param>
/// <param name="Steps">Lengths of the model's steps, adding up to the tokens.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
public sealed record TokensRecord(
    ContextId Context,
    Id128 IncarnationId,
    Epoch Epoch,
    long Position,
    ReadOnlyMemory<int> Tokens,
    ReadOnlyMemory<int> Steps,
    BlockHash PrefixHash) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Tokens;
}

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

/// <summary>KV of old positions was given up, as a window allows.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Group">Layer group.</param>
/// <param name="FirstKept">First position that is kept, sinks aside.</param>
public sealed record TrimRecord(
    ContextId Context, Id128 IncarnationId, Epoch Epoch, int Group, long FirstKept) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Trim;
}

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

/// <summary>The context began as a fork of another one of its tenant.</summary>
/// <param name="Context">The context.</param>
/// <param name="IncarnationId">The incarnation that queued it.</param>
/// <param name="Epoch">Epoch of the append.</param>
/// <param name="Parent">The context forked from.</param>
/// <param name="Position">Positions shared with it.</param>
public sealed record ForkRecord(
    ContextId Context, Id128 IncarnationId, Epoch Epoch, ContextId Parent, long Position) : LogRecord(Context, IncarnationId, Epoch)
{
    /// <inheritdoc/>
    public override RecordType Type => RecordType.Fork;
}

/// <summary>Where the payload of a record lies.</summary>
/// <param name="Object">
/// The object; <see langword="default"/> means the segment that the record itself is in, and
/// <paramref name="Offset"/> is then relative to the start of that segment's payload area.
/// </param>
/// <param name="Offset">First byte. Absolute in the object, but for the case above.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Checksum">XxHash3-64 of these bytes.</param>
public readonly record struct PayloadRef(ObjectRef Object, long Offset, int Length, ulong Checksum);
