using Swarm.Core.Identity;
using Swarm.Core.Models;

namespace Swarm.Format.Objects;

/// <summary>Where each object lies in a store. Sequence numbers are 16 hexadecimal digits, so names sort.</summary>
public static class BlobNames
{
    /// <summary>Prefix of all context roots.</summary>
    public const string RootsPrefix = "contexts/";

    /// <summary>Prefix of all logs.</summary>
    public const string LogsPrefix = "log/";

    /// <summary>Root of a context.</summary>
    public static string Root(ContextId context) => $"{RootsPrefix}{context.Tenant}/{context.Context}";

    /// <summary>A segment, or the seal, of a writer's log.</summary>
    public static string Log(Id128 writer, ulong sequence) => $"{LogsPrefix}{writer}/{sequence:x16}";

    /// <summary>A chunk of a context.</summary>
    public static string Chunk(ContextId context, Id128 openId, Id128 chunkId) =>
        $"chunks/{context.Tenant}/{context.Context}/{openId}/{chunkId}";

    /// <summary>A page of a context's manifest.</summary>
    public static string Page(ContextId context, Id128 openId, Id128 pageId) =>
        $"pages/{context.Tenant}/{context.Context}/{openId}/{pageId}";

    /// <summary>The record of a tenant.</summary>
    public static string Tenant(Id128 tenant) => $"tenants/{tenant}";

    /// <summary>What a fingerprint hashes.</summary>
    public static string Model(ModelFingerprint fingerprint) => $"models/{fingerprint}";

    /// <summary>The object that a reference of a context names.</summary>
    /// <param name="context">The context that owns the extent.</param>
    /// <param name="reference">The reference.</param>
    /// <exception cref="ArgumentException">The reference names neither a segment nor a chunk.</exception>
    public static string Of(ContextId context, ObjectRef reference) => reference.Kind switch
    {
        ObjectKind.Segment => Log(reference.Owner, reference.Number),
        ObjectKind.Chunk => Chunk(context, reference.Owner, reference.ChunkId),
        _ => throw new ArgumentException($"{reference.Kind} objects hold no KV payload.", nameof(reference)),
    };
}
