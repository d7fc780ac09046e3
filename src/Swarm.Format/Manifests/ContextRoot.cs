using System.Collections.Immutable;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>The root of a context's manifest, at most 16 KiB encoded.</summary>
public sealed record ContextRoot
{
    /// <summary>Largest encoded root, in bytes.</summary>
    public const int MaxBytes = 16 << 10;

    /// <summary>Life of the root.</summary>
    public required RootState State { get; init; }

    /// <summary>Fresh for every write, so that a writer knows its own.</summary>
    public required Id128 Nonce { get; init; }

    /// <summary>Grows by one with every write.</summary>
    public required ulong Generation { get; init; }

    /// <summary>Tenant name.</summary>
    public required string Tenant { get; init; }

    /// <summary>Context name.</summary>
    public required string Name { get; init; }

    /// <summary>The model whose KV the context holds.</summary>
    public required ModelFingerprint Model { get; init; }

    /// <summary>Positions of a block.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Epoch in force.</summary>
    public required Epoch Epoch { get; init; }

    /// <summary>Holder's name, or empty.</summary>
    public required string Holder { get; init; }

    /// <summary>Successor that the last holder named, or empty.</summary>
    public required string ReservedFor { get; init; }

    /// <summary>Hash of the holder's secret; default before the first acquisition.</summary>
    public required Digest256 SecretHash { get; init; }

    /// <summary>Positions whose inputs are in the pages.</summary>
    public required long TokenLength { get; init; }

    /// <summary>Positions whose KV is in the pages, for each layer group.</summary>
    public required ImmutableArray<long> KvLengths { get; init; }

    /// <summary>Chain hash of the last whole block at <see cref="TokenLength"/>; the chain's root if there is none.</summary>
    public required BlockHash BlockChain { get; init; }

    /// <summary>Pages of KV extents, by position.</summary>
    public required ImmutableArray<PageRef> ExtentPages { get; init; }

    /// <summary>Pages of inputs, by position.</summary>
    public required ImmutableArray<PageRef> InputPages { get; init; }

    /// <summary>The page of named states, if any.</summary>
    public PageRef? StatePage { get; init; }

    /// <summary>Logs that may hold newer records: none when closed cleanly, at most one today.</summary>
    public required ImmutableArray<LogPosition> Tails { get; init; }

    /// <summary>The incarnation of the context that wrote this root; default when closed.</summary>
    public required Id128 IncarnationId { get; init; }

    /// <summary>The context this one was forked from, if any.</summary>
    public ContextId? Parent { get; init; }

    /// <summary>Positions shared with <see cref="Parent"/>.</summary>
    public long ParentPosition { get; init; }

    /// <summary>What is added to a position before it is rotated. 0 today.</summary>
    public long RotaryOffset { get; init; }

    /// <summary>Version of the encryption key; 0 is none.</summary>
    public uint KeyVersion { get; init; }

    /// <summary>What the context lost last with a log segment, until that was looked into; <see langword="null"/>: nothing.</summary>
    public ContextLoss? Loss { get; init; }

    /// <summary>
    /// Whether the root that was read has features that this build can read past but must not rewrite; encoding it, or
    /// a root made from it, is refused.
    /// </summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether nothing is kept in the context, nor can be in a log: no inputs, KV or states.</summary>
    public bool IsEmpty =>
        TokenLength == 0 && InputPages.IsEmpty && ExtentPages.IsEmpty && StatePage is null && Tails.IsEmpty;
}
