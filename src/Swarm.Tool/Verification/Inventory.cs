using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;

namespace Swarm.Tool.Verification;

/// <summary>Names of a store's objects: what may be deleted was listed first, then the roots (protocol, rule 17).</summary>
internal sealed class Inventory
{
    private const string ClusterPrefix = "cluster/";

    /// <summary>Segments and seals of each log: number and length, ascending.</summary>
    public Dictionary<Id128, List<(ulong Sequence, long Length)>> Logs { get; } = [];

    /// <summary>Indexes of logs: the writer, the first segment and the length of each.</summary>
    public List<(Id128 Writer, ulong First, long Length)> Indexes { get; } = [];

    /// <summary>Segments that are noted as lost.</summary>
    public List<(Id128 Writer, ulong Sequence)> Lost { get; } = [];

    /// <summary>Chunks and their lengths.</summary>
    public Dictionary<string, long> Chunks { get; } = new(StringComparer.Ordinal);

    /// <summary>Pages and their lengths.</summary>
    public Dictionary<string, long> Pages { get; } = new(StringComparer.Ordinal);

    /// <summary>Contexts that have a root.</summary>
    public List<ContextId> Contexts { get; } = [];

    /// <summary>Tenants that have a record.</summary>
    public List<Id128> Tenants { get; } = [];

    /// <summary>Models that are written down.</summary>
    public List<ModelFingerprint> Models { get; } = [];

    /// <summary>Names below Swarm's prefixes that no object of it has.</summary>
    public List<string> Strays { get; } = [];

    /// <summary>Lists a store.</summary>
    /// <exception cref="ToolException">Nothing of Swarm's is there.</exception>
    public static async Task<Inventory> ListAsync(IBlobStore store, string place, CancellationToken cancellationToken)
    {
        var inventory = new Inventory();
        var isEmpty = true;
        foreach (var (prefix, add) in new (string, Func<BlobItem, bool>)[]
        {
            (BlobNames.LogsPrefix, inventory.AddLog),
            (BlobNames.LogIndexesPrefix, inventory.AddIndex),
            (BlobNames.DamagePrefix, inventory.AddLost),
            (BlobNames.ChunksPrefix, item => inventory.Chunks.TryAdd(item.Name, item.Length)),
            (BlobNames.PagesPrefix, item => inventory.Pages.TryAdd(item.Name, item.Length)),
            (BlobNames.RootsPrefix, inventory.AddRoot),
            (BlobNames.TenantsPrefix, inventory.AddTenant),
            (BlobNames.ModelsPrefix, inventory.AddModel),
            (ClusterPrefix, _ => true),
            (BlobNames.Store, _ => true),
        })
        {
            await foreach (var item in store.ListAsync(prefix, cancellationToken))
            {
                isEmpty = false;
                if (!add(item))
                {
                    inventory.Strays.Add(item.Name);
                }
            }
        }

        return isEmpty
            ? throw new ToolException($"{place} holds nothing of Swarm's: no contexts, logs, tenants or cluster. Is it the right store?")
            : inventory;
    }

    /// <summary>A log's segment that a name says, or none.</summary>
    public static (Id128 Writer, ulong Sequence)? ParseLog(string name) => Parse(name, BlobNames.Log);

    /// <summary>A log's writer and the first segment of an index that a name says, or none.</summary>
    public static (Id128 Writer, ulong First)? ParseIndex(string name) => Parse(name, BlobNames.LogIndex);

    /// <summary>The context whose root a name is, or none.</summary>
    public static ContextId? ParseRoot(string name)
    {
        var parts = name.Split('/');
        return parts.Length == 3
            && Id128.TryParse(parts[1], out var tenant)
            && Id128.TryParse(parts[2], out var context)
            && BlobNames.Root(new ContextId(tenant, context)) == name
                ? new ContextId(tenant, context)
                : null;
    }

    private static (Id128 Writer, ulong Sequence)? Parse(string name, Func<Id128, ulong, string> nameOf)
    {
        var parts = name.Split('/');
        return parts.Length == 3
            && Id128.TryParse(parts[1], out var writer)
            && ulong.TryParse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sequence)
            && nameOf(writer, sequence) == name
                ? (writer, sequence)
                : null;
    }

    private bool AddLog(BlobItem item)
    {
        if (ParseLog(item.Name) is not { } parsed)
        {
            return false;
        }

        if (!Logs.TryGetValue(parsed.Writer, out var segments))
        {
            Logs[parsed.Writer] = segments = [];
        }

        segments.Add((parsed.Sequence, item.Length));
        return true;
    }

    private bool AddIndex(BlobItem item)
    {
        if (ParseIndex(item.Name) is not { } parsed)
        {
            return false;
        }

        Indexes.Add((parsed.Writer, parsed.First, item.Length));
        return true;
    }

    private bool AddLost(BlobItem item)
    {
        if (!BlobNames.TryParseDamage(item.Name, out var writer, out var sequence))
        {
            return false;
        }

        Lost.Add((writer, sequence));
        return true;
    }

    private bool AddRoot(BlobItem item)
    {
        if (ParseRoot(item.Name) is not { } context)
        {
            return false;
        }

        Contexts.Add(context);
        return true;
    }

    private bool AddTenant(BlobItem item)
    {
        if (!Id128.TryParse(item.Name.AsSpan(BlobNames.TenantsPrefix.Length), out var tenant))
        {
            return false;
        }

        Tenants.Add(tenant);
        return true;
    }

    private bool AddModel(BlobItem item)
    {
        try
        {
            Models.Add(new ModelFingerprint(Digest256.Parse(item.Name[BlobNames.ModelsPrefix.Length..])));
            return true;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            return false;
        }
    }
}
