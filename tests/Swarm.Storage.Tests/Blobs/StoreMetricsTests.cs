using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.Storage.Blobs;
using Swarm.Storage.Tests.Contexts;
using Swarm.Testing.Diagnostics;
using Swarm.Testing.Faults;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What the store's operations, and the appends that wait for them, are measured as.</summary>
public sealed class StoreMetricsTests : IDisposable
{
    private readonly TestMeters _meters = new();
    private readonly MetricRecorder _recorder;
    private readonly FaultBlobStore _faults = new(new InMemoryBlobStore());
    private readonly WatchedBlobStore _store;

    public StoreMetricsTests()
    {
        _recorder = new MetricRecorder(_meters);
        _store = new WatchedBlobStore(_faults, TimeProvider.System, _meters);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _recorder.Dispose();
        _store.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task Operations_EachOutcome_IsAnAttribute()
    {
        var write = await _store.CreateAsync("a", new(new byte[10]), Stop);
        await _store.CreateAsync("a", new(new byte[10]), Stop);
        await _store.ReplaceAsync("a", new(new byte[10]), "other", Stop);
        await _store.ReadAsync("a", 0, new byte[10], Stop);
        await _store.ReadAsync("b", 0, new byte[10], Stop);
        await _store.DeleteAsync("a", "other", Stop);
        await foreach (var item in _store.ListAsync("", Stop))
        {
            Assert.Equal("a", item.Name);
        }

        await _store.DeleteAsync("a", Stop);
        await _store.DeleteAsync("a", Stop);

        Assert.False(write.IsRefused);
        Assert.Equal(1, Count("create", "ok"));
        Assert.Equal(1, Count("create", "refused"));
        Assert.Equal(1, Count("replace", "refused"));
        Assert.Equal(1, Count("read", "ok"));
        Assert.Equal(1, Count("read", "missing"));
        Assert.Equal(1, Count("list", "ok"));
        Assert.Equal(1, Count("delete", "ok"));
        Assert.Equal(1, Count("delete", "missing"));
        Assert.Equal(1, Count("delete", "refused"));
    }

    [Fact]
    public async Task Operations_ThatFail_SaySoAndWhy()
    {
        _faults.Next = (_, _) => BlobFault.Busy;
        await Assert.ThrowsAsync<BlobStoreException>(() => _store.CreateAsync("a", new(new byte[10]), Stop));
        await Assert.ThrowsAsync<BlobStoreException>(() => _store.ReadAsync("a", 0, new byte[10], Stop));
        _faults.Next = null;

        Assert.Equal(1, Failed("create", "transient"));
        Assert.Equal(1, Failed("read", "transient"));
        Assert.Equal(1, _recorder.Sum("swarm.store.write_faults"));
    }

    [Fact]
    public async Task Contexts_OverAStoreThatFailsNowAndThen_CountRetriesFencesAndAppends()
    {
        await using (var contexts = new ContextStore(_store, new ContextStoreOptions(), TimeProvider.System, NullLoggerFactory.Instance, meters: _meters))
        {
            await contexts.CreateAsync(LoneStore.Spec, Stop);
            var context = (await contexts.OpenAsync(LoneStore.Spec.Id, Stop))!;
            var (first, second) = (SessionSecret.Create(), SessionSecret.Create());
            var granted = await context.AcquireAsync(new AcquireRequest("a", first.Hash, context.Status.Epoch), Stop);
            var failing = 2;
            _faults.Next = (operation, _) => operation == BlobOperation.Create && failing-- > 0 ? BlobFault.Busy : null;
            await context.AppendInputsAsync(new SessionProof(granted.Epoch, first.Hash), Inputs(), [], Stop);
            await context.AcquireAsync(new AcquireRequest("b", second.Hash, granted.Epoch), Stop);
            await Assert.ThrowsAsync<StaleEpochException>(async () =>
                await context.AppendInputsAsync(new SessionProof(granted.Epoch, first.Hash), Inputs(), [], Stop));

            Assert.Equal(1, _recorder.Look("swarm.contexts.open"));
            Assert.Equal(3, _recorder.Look("swarm.lag.sum")); // KV of the three inputs.
            Assert.Equal(0, _recorder.Look("swarm.log.undurable"));
        }

        Assert.Equal(2, _recorder.Sum("swarm.store.retries"));
        Assert.Equal(2, Failed("create", "transient"));
        Assert.Equal(1, _recorder.Sum("swarm.context.fences", ("swarm.fence.kind", "session")));
        Assert.Equal(2, _recorder.Count("swarm.append.duration", ("swarm.append.kind", "inputs")));
        Assert.Equal(1, _recorder.Count("swarm.append.duration", ("error.type", "StaleEpoch")));
        Assert.Equal(1, _recorder.Count("swarm.context.open.duration"));
        Assert.True(_recorder.Count("swarm.log.acknowledge.duration") >= 3);
        Assert.Equal(0, _recorder.Look("swarm.contexts.open"));
        Assert.Equal(0, _recorder.Look("swarm.lag.sum"));
    }

    private static InputRun Inputs() => new(0, new[] { 1, 2, 3 }, new[] { 3 });

    private int Count(string operation, string outcome) => _recorder.Count(
        "swarm.store.operation.duration", ("swarm.store.operation", operation), ("swarm.store.outcome", outcome));

    private int Failed(string operation, string error) => _recorder.Count(
        "swarm.store.operation.duration", ("swarm.store.operation", operation), ("swarm.store.outcome", "failed"), ("error.type", error));
}
