using System.Globalization;
using Swarm.Core.Identity;

namespace Swarm.Format.Objects;

/// <summary>Where each object lies in a store. Sequence numbers are 16 hexadecimal digits, so names sort.</summary>
public static class BlobNames
{
    /// <summary>Which store this is: the one object of its kind.</summary>
    public const string Store = "store";

    /// <summary>Prefix of all tenants' records.</summary>
    public const string TenantsPrefix = "tenants/";

    /// <summary>Prefix of all models' descriptors.</summary>
    public const string ModelsPrefix = "models/";

    /// <summary>Prefix of all context roots.</summary>
    public const string RootsPrefix = "contexts/";

    /// <summary>Prefix of all logs.</summary>
    public const string LogsPrefix = "log/";

    /// <summary>Prefix of the indexes of all logs.</summary>
    public const string LogIndexesPrefix = "logindex/";

    /// <summary>Prefix of what is known of segments that are lost.</summary>
    public const string DamagePrefix = "damage/";

    /// <summary>Prefix of all chunks.</summary>
    public const string ChunksPrefix = "chunks/";

    /// <summary>Prefix of all pages.</summary>
    public const string PagesPrefix = "pages/";

    /// <summary>Root of a context.</summary>
    public static string Root(ContextId context) => $"{RootsPrefix}{context.Tenant}/{context.Context}";

    /// <summary>Reads the name of a root.</summary>
    /// <param name="name">A blob's name.</param>
    /// <param name="context">The context.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParseRoot(string name, out ContextId context)
    {
        ArgumentNullException.ThrowIfNull(name);
        context = default;
        if (name.Split('/') is not [var prefix, var tenant, var id]
            || $"{prefix}/" != RootsPrefix
            || !Id128.TryParse(tenant, out var tenantId)
            || !Id128.TryParse(id, out var contextId))
        {
            return false;
        }

        context = new ContextId(tenantId, contextId);
        return true;
    }

    /// <summary>A segment, or the seal, of a writer's log.</summary>
    public static string Log(Id128 writer, ulong sequence) => $"{LogsPrefix}{writer}/{sequence:x16}";

    /// <summary>The index of a writer's segments from a number on.</summary>
    public static string LogIndex(Id128 writer, ulong first) => $"{LogIndexesPrefix}{writer}/{first:x16}";

    /// <summary>What is known of a segment that is lost.</summary>
    public static string Damage(Id128 writer, ulong sequence) => $"{DamagePrefix}{writer}/{sequence:x16}";

    /// <summary>Reads the name of a note of a lost segment.</summary>
    /// <param name="name">A blob's name.</param>
    /// <param name="writer">The writer in whose log it was.</param>
    /// <param name="sequence">Its number.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParseDamage(string name, out Id128 writer, out ulong sequence)
    {
        ArgumentNullException.ThrowIfNull(name);
        (writer, sequence) = (default, 0);
        return name.StartsWith(DamagePrefix, StringComparison.Ordinal)
            && name.Split('/') is [_, var id, var number]
            && Id128.TryParse(id, out writer)
            && ulong.TryParse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence);
    }

    /// <summary>A chunk of a context.</summary>
    public static string Chunk(ContextId context, Id128 incarnationId, Id128 chunkId) =>
        $"{ChunksPrefix}{context.Tenant}/{context.Context}/{incarnationId}/{chunkId}";

    /// <summary>A page of a context's manifest.</summary>
    public static string Page(ContextId context, Id128 incarnationId, Id128 pageId) =>
        $"{PagesPrefix}{context.Tenant}/{context.Context}/{incarnationId}/{pageId}";

    /// <summary>The page that a context's root names.</summary>
    /// <param name="context">The context whose root it is.</param>
    /// <param name="page">The reference.</param>
    /// <exception cref="CorruptObjectException">It is of another tenant.</exception>
    public static string Page(ContextId context, PageRef page)
    {
        ArgumentNullException.ThrowIfNull(page);
        return Page(OwnerOf(context, page.Context), page.IncarnationId, page.PageId);
    }

    /// <summary>The record of a tenant.</summary>
    public static string Tenant(Id128 tenant) => $"{TenantsPrefix}{tenant}";

    /// <summary>What a fingerprint hashes.</summary>
    public static string Model(ModelFingerprint fingerprint) => $"{ModelsPrefix}{fingerprint}";

    /// <summary>The object that a reference of a context names.</summary>
    /// <param name="context">The context that owns the extent.</param>
    /// <param name="reference">The reference.</param>
    /// <exception cref="ArgumentException">The reference names neither a segment nor a chunk.</exception>
    /// <exception cref="CorruptObjectException">It is of another tenant.</exception>
    public static string Of(ContextId context, ObjectRef reference) => reference.Kind switch
    {
        ObjectKind.Segment => Log(reference.Owner, reference.Number),
        ObjectKind.Chunk => Chunk(OwnerOf(context, reference.Context), reference.Owner, reference.ChunkId),
        _ => throw new ArgumentException($"{reference.Kind} objects hold no KV payload.", nameof(reference)),
    };

    /// <summary>The context that made an object: the one that a reference names, or the reference's own.</summary>
    /// <param name="context">The context that has the reference.</param>
    /// <param name="named">What the reference names.</param>
    /// <exception cref="CorruptObjectException">It is of another tenant: nothing crosses tenants.</exception>
    public static ContextId OwnerOf(ContextId context, ContextId? named) =>
        named is not { } owner ? context
        : owner.Tenant == context.Tenant ? owner
        : throw new CorruptObjectException($"Context {context} refers to an object of another tenant's context {owner}.");
}
