using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Tenants;

namespace Swarm.DataPlane.Tests.Hosting;

/// <summary>Contexts in memory, of one tenant.</summary>
public sealed class MemoryHost : IContextHost, ITenantDirectory
{
    public const string Tenant = "acme";
    public const string Secret = "sesame";

    private readonly Dictionary<ContextId, MemoryContext> _contexts = [];

    public TenantKey Key { get; } = TenantKey.Create();

    /// <summary>What the tenant's key waits for.</summary>
    public TaskCompletionSource KeyGate { get; set; } = MemoryContext.Open();

    public MemoryContext Add(MemoryContext context)
    {
        _contexts.Add(context.Id, context);
        return context;
    }

    public ValueTask<IOpenContext?> OpenAsync(ContextId id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(id));

    public ValueTask<bool> CreateAsync(ContextSpec spec, CancellationToken cancellationToken) =>
        ValueTask.FromResult(false);

    public ValueTask<Forked> ForkAsync(
        ContextId parent, string name, long? position, BlockHash? through, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The data plane forks nothing.");

    public ValueTask<bool> EraseAsync(ContextId id, CancellationToken cancellationToken) =>
        throw new NotSupportedException("The data plane erases nothing.");

    public IOpenContext? Find(ContextId id) =>
        _contexts.GetValueOrDefault(id) is { Closed.IsCancellationRequested: false } context ? context : null;

    public async ValueTask<TenantKey> GetTenantKeyAsync(string tenant, CancellationToken cancellationToken)
    {
        await KeyGate.Task.WaitAsync(cancellationToken);
        return Key;
    }

    public bool IsAllowed(string tenant, string token) => tenant == Tenant && token == Secret;
}
