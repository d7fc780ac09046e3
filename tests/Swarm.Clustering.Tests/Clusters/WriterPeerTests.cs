using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Objects;
using Swarm.Grains.Tests.Support;
using Swarm.Storage;
using Swarm.Storage.Files;
using Swarm.Testing;
using Xunit;

namespace Swarm.Clustering.Tests.Clusters;

/// <summary>Silos that want the same context ask each other (protocol, open), and seal only what is gone.</summary>
public sealed class WriterPeerTests : IAsyncLifetime
{
    private readonly TempDirectory _folder = new();
    private readonly SessionSecret _secret = SessionSecret.Create();
    private TestSilo _first = null!;
    private TestSilo _second = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _first = await TestSilo.StartAsync(_folder.Path, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true");
        _second = await TestSilo.StartAsync(_folder.Path, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true");
    }

    public async ValueTask DisposeAsync()
    {
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Open_ContextOpenOnAnotherLiveSilo_MovesWithoutASeal()
    {
        var id = await CreateAsync("moves");
        var proof = new SessionProof(new Epoch(1), _secret.Hash);
        var here = await OpenAsync(_first, id);
        await here.AcquireAsync(new AcquireRequest("a", _secret.Hash, default), Token);

        for (var move = 0; move < 20; move++)
        {
            await here.AppendInputsAsync(proof, Tokens(2 * move), [], Token);
            var behind = here.AppendInputsAsync(proof, Tokens((2 * move) + 1), [], Token).AsTask(); // Under way: drained first.
            var there = await OpenAsync(move % 2 == 0 ? _second : _first, id);

            Assert.True(here.Closed.IsCancellationRequested, $"move {move}: the context is open twice");
            Assert.Equal((2 * move) + 2, (await behind).Tokens);
            Assert.Equal((2 * move) + 2, there.Status.Durable.Tokens);
            Assert.Equal(("a", 1UL), (there.Status.Holder, there.Status.Epoch.Value));
            here = there;
        }

        Assert.Equal(0, await CountSealsAsync());
    }

    [Fact]
    public async Task Open_OnBothSilosAtOnce_NeverSealsALiveOne()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => CreateAsync($"both-{i}")));
        var other = await OpenAsync(_second, await CreateAsync("unconcerned"));

        for (var round = 0; round < 5; round++)
        {
            await Task.WhenAll(ids.SelectMany(id => new[] { _first, _second }.Select(silo => OpenAsync(silo, id))));
        }

        Assert.Equal(0, await CountSealsAsync());
        Assert.False(other.Closed.IsCancellationRequested, "a context that nobody else wanted was closed");
    }

    [Fact]
    public async Task Open_WriterOfNoSilo_IsSealedOnceForAllItsContexts()
    {
        // A silo that ended without closing anything: its store lived beside the cluster.
        ContextId[] ids = [await CreateAsync("left-1"), await CreateAsync("left-2")];
        var gone = new ContextStore(
            new FileBlobStore(_folder.Path),
            new ContextStoreOptions(),
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        foreach (var id in ids)
        {
            var left = (await gone.OpenAsync(id, Token))!;
            await left.AcquireAsync(new AcquireRequest("a", _secret.Hash, default), Token);
            await left.AppendInputsAsync(new SessionProof(new Epoch(1), _secret.Hash), Tokens(0), [], Token);
        }

        var opened = await Task.WhenAll(ids.Select((id, i) => OpenAsync(i == 0 ? _first : _second, id)));

        Assert.All(opened, context => Assert.Equal(1, context.Status.Durable.Tokens));
        Assert.Equal(1, await CountSealsAsync());
    }

    private static InputRun Tokens(int position) => new(position, new[] { position % 97 }, new[] { 1 });

    // As a client does: busy means once more.
    private static async Task<IOpenContext> OpenAsync(TestSilo silo, ContextId id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                return (await silo.Contexts.OpenAsync(id, limit.Token))!;
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.Busy)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
            }
        }
    }

    private async Task<ContextId> CreateAsync(string name)
    {
        var spec = new ContextSpec(TestSilo.Tenant, name, TestModels.Tiny(), Requests.BlockTokens);
        await _first.Contexts.CreateAsync(spec, Token);
        return spec.Id;
    }

    private async Task<int> CountSealsAsync()
    {
        using var store = new FileBlobStore(_folder.Path);
        var seals = 0;
        var header = new byte[8];
        await foreach (var item in store.ListAsync("log/", Token))
        {
            await store.ReadAsync(item.Name, 0, header, Token);
            seals += header[4] == (byte)ObjectKind.Seal ? 1 : 0; // FORMAT.md, object header.
        }

        return seals;
    }
}
