using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.State;

namespace Swarm.Tool.Verification;

/// <summary>One context as a walk from its root found it.</summary>
/// <param name="id">The context.</param>
internal sealed class ContextWalk(ContextId id)
{
    /// <summary>The context.</summary>
    public ContextId Id { get; } = id;

    /// <summary>Its root; <see langword="null"/> when that is damaged.</summary>
    public ContextRoot? Root { get; set; }

    /// <summary>The root's ETag.</summary>
    public string? ETag { get; set; }

    /// <summary>Its model, if that can be read.</summary>
    public ModelDescriptor? Model { get; set; }

    /// <summary>Its tenant's key, if that can be read.</summary>
    public TenantKey? Key { get; set; }

    /// <summary>What opening it would find: the root folded with its tail; none when a page that this needs is damaged.</summary>
    public DurableContext? State { get; set; }

    /// <summary>Pages that could be read.</summary>
    public Dictionary<PageRef, (BlockHash StartHash, IReadOnlyList<InputRun> Runs)> InputPages { get; } = [];

    /// <summary>Pages that could be read.</summary>
    public Dictionary<PageRef, IReadOnlyList<KvExtent>> ExtentPages { get; } = [];

    /// <summary>States of the page, if there is one and it could be read.</summary>
    public IReadOnlyList<NamedState> States { get; set; } = [];

    /// <summary>Where each tail's fold began and ended, and whether at a seal.</summary>
    public List<TailFold> Tails { get; } = [];

    /// <summary>Names of the pages and of the tail's segments.</summary>
    public HashSet<string> Needed { get; } = new(StringComparer.Ordinal);

    /// <summary>What is wrong.</summary>
    public DamageList Damage { get; } = new();

    /// <summary>Tenant and name, or the id where the root does not tell.</summary>
    public string Name => Root is null ? $"context {Id}" : $"{Root.Tenant}/{Root.Name}";

    /// <summary>Positions whose inputs are durable.</summary>
    public long TokenLength => State?.Inputs.Length ?? Root?.TokenLength ?? 0;

    /// <summary>Positions whose KV is durable.</summary>
    public long KvLength => State?.Extents.Length ?? Root?.KvLengths.DefaultIfEmpty().Min() ?? 0;

    /// <summary>KV extents in order of position; without those of pages that could not be read, or were lost before.</summary>
    public IEnumerable<KvExtent> Extents => AllExtents.Where(extent => !LostKv.IsLost(extent));

    private IEnumerable<KvExtent> AllExtents => State is null
        ? (Root?.ExtentPages ?? []).SelectMany(ExtentsOf)
        : State.Extents.SealedPages.SelectMany(ExtentsOf).Concat(State.Extents.Tail);

    /// <summary>Name of the object that holds an extent's KV: the one place where that is resolved.</summary>
    public string ObjectOf(KvExtent extent) => BlobNames.Of(Id, extent.Payload.Object);

    /// <summary>Name of a page.</summary>
    public string NameOf(PageRef page) => BlobNames.Page(Id, page);

    /// <summary>A cost to this context.</summary>
    public Cost Cost(CostKind kind, long first = 0, long? end = null) => new(kind, Name, first, end);

    /// <summary>What it lost before its root was written, if that is noted in the store.</summary>
    public ContextLoss? NotedLoss { get; private set; }

    /// <summary>Adds what the context lost before its root was written, and what is noted still.</summary>
    public void AddNotedLoss(ContextLoss loss)
    {
        NotedLoss = loss;
        AddLoss(loss);
    }

    /// <summary>Adds what the context lost with a segment of a log.</summary>
    public void AddLoss(ContextLoss loss) => Damage.Add(
        BlobNames.Log(loss.Writer, loss.Sequence),
        TailFolder.Lost,
        loss.IsCertain
            ? Cost(CostKind.InputsLost, loss.Kept, loss.Known > loss.Kept ? loss.Known : null)
            : Cost(CostKind.InputsInDoubt, loss.Kept));

    private IReadOnlyList<KvExtent> ExtentsOf(PageRef page) => ExtentPages.GetValueOrDefault(page) ?? [];
}
