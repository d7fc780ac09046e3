using System.Text.Json.Nodes;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Tool.Stores;
using Swarm.Tool.Verification;

namespace Swarm.Tool.Inspection;

/// <summary>Shows contexts, roots, pages, segments and logs as they are; of damaged ones, what can still be read.</summary>
internal sealed class Inspector
{
    private readonly StoreReader _reader;
    private readonly ObjectViews _views;

    /// <summary>Looks into a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="time">Clock of repeated tries.</param>
    public Inspector(IBlobStore store, TimeProvider time)
    {
        _reader = new StoreReader(store, time);
        _views = new ObjectViews(_reader);
    }

    /// <summary>All contexts as opening would find them, their logs folded in. Their pages are not read.</summary>
    public async Task<InspectView> ContextsAsync(CancellationToken cancellationToken)
    {
        var contexts = await new ContextLister(_reader).ReadAsync(cancellationToken);
        var rows = new JsonArray([.. contexts.Select(ManifestViews.Row)]);
        return new InspectView(new JsonObject { ["contexts"] = rows }, contexts.All(context => context.Problem is null));
    }

    /// <summary>A context as opening would find it.</summary>
    /// <param name="name">Tenant and name, with a slash between.</param>
    /// <exception cref="ToolException">There is none.</exception>
    public async Task<InspectView> ContextAsync(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
        {
            throw new ToolException($"'{name}' names no context: give its tenant and its name, such as 'default/track/vehicle-17'.");
        }

        var (tenant, context) = (name[..slash], name[(slash + 1)..]);
        var id = ContextId.FromNames(tenant, context);
        for (var attempt = 1; ; attempt++)
        {
            const int Tries = 6;
            var walker = new ContextWalker(_reader, new TailFolder(new SegmentCache(_reader), _reader.Holes));
            var walk = await walker.WalkAsync(id)
                ?? throw Missing(tenant, context, BlobNames.Root(id));
            if (walk.Root?.Loss is { } loss && await _reader.IsNotedAsync(loss))
            {
                walk.AddNotedLoss(loss);
            }

            if (attempt == Tries || walk.ETag is null || await _reader.ETagAsync(BlobNames.Root(id)) == walk.ETag)
            {
                return new InspectView(ManifestViews.Context(walk), walk.Damage.Count == 0);
            }
        }
    }

    /// <summary>A root.</summary>
    public Task<InspectView> RootAsync(string name) => _views.ShowAsync(
        name,
        BlobNames.RootsPrefix,
        (content, _) =>
        {
            var root = ManifestCodec.DecodeRoot(content);
            var view = ManifestViews.Root(root);
            return BlobNames.Root(ContextId.FromNames(root.Tenant, root.Name)) == name
                ? view
                : throw new CorruptObjectException($"it says that it is {root.Tenant}/{root.Name}, whose root has another name");
        });

    /// <summary>A page.</summary>
    public Task<InspectView> PageAsync(string name)
    {
        ObjectViews.Require(name, BlobNames.PagesPrefix);
        return name.Split('/') is [_, var tenant, var context, _, _]
            && Id128.TryParse(tenant, out var tenantId)
            && Id128.TryParse(context, out var contextId)
                ? _views.ShowAsync(
                    name,
                    BlobNames.PagesPrefix,
                    (content, kind) => ManifestViews.Page(content, kind, new ContextId(tenantId, contextId)))
                : throw new ToolException($"'{name}' names no page: 'pages/', the ids of tenant, context, open and page.");
    }

    /// <summary>A segment or seal, with its payload checked.</summary>
    public Task<InspectView> SegmentAsync(string name) => new SegmentInspector(_reader).SegmentAsync(name);

    /// <summary>An index of a log.</summary>
    public Task<InspectView> IndexAsync(string name) => Inventory.ParseIndex(name) is { } at
        ? _views.ShowAsync(name, BlobNames.LogIndexesPrefix, (content, _) => ManifestViews.Index(content, at.Writer, at.First))
        : throw new ToolException($"'{name}' names no index of a log: 'logindex/', the writer's id, '/', 16 hexadecimal digits.");

    /// <summary>A log.</summary>
    /// <param name="writer">The writer's id.</param>
    public Task<InspectView> LogAsync(string writer) => new SegmentInspector(_reader).LogAsync(writer);

    private static ToolException Missing(string tenant, string context, string root)
    {
        const string DefaultTenant = "default";
        return new ToolException(
            $"There is no context '{context}' of tenant '{tenant}': {root} is missing. "
            + (tenant == DefaultTenant
                ? "'swarm inspect contexts' lists all."
                : $"What is before the first slash is the tenant: for context '{tenant}/{context}' of tenant '{DefaultTenant}' write {DefaultTenant}/{tenant}/{context}."));
    }
}
