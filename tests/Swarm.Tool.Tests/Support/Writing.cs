using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Tests.Simulation;

namespace Swarm.Tool.Tests.Support;

/// <summary>One context, written by the real store of a silo.</summary>
internal sealed class Writing : IAsyncDisposable
{
    private readonly ContextStore _store;
    private readonly ContextSpec _spec;
    private readonly List<int> _tokens = [];
    private SessionProof _proof;
    private PrefixHasher _hasher = null!;
    private int _kv;

    private Writing(ContextStore store, ContextSpec spec) => (_store, _spec) = (store, spec);

    /// <summary>Inputs written so far.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Positions whose KV was written so far.</summary>
    public int Kv => _kv;

    /// <summary>The store that it is open in.</summary>
    public ContextStore Store => _store;

    /// <summary>Its id.</summary>
    public ContextId Id => _spec.Id;

    /// <summary>The open context.</summary>
    public IOpenContext Context { get; private set; } = null!;

    /// <summary>A silo's store: records over 4 KiB go to chunks of their own.</summary>
    /// <param name="blobs">Where to.</param>
    /// <param name="checkpointSegments">Checkpoints after so many segments; by default nothing is done in the background.</param>
    /// <param name="indexSegments">Segments of a log's index.</param>
    public static ContextStore Open(IBlobStore blobs, int? checkpointSegments = null, int indexSegments = 128) => new(
        blobs,
        new ContextStoreOptions
        {
            FlushInterval = TimeSpan.FromMilliseconds(1),
            LargeRecordBytes = 4 << 10,
            CheckpointSegments = checkpointSegments ?? 1024,
            IndexSegments = indexSegments,
            HousekeepingInterval = checkpointSegments is null ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(10),
            MemoryTierBytes = 0,
        },
        TimeProvider.System,
        NullLoggerFactory.Instance);

    /// <summary>A new context, held by an agent.</summary>
    public static async Task<Writing> StartAsync(
        ContextStore store, string tenant, string name, int blockTokens = SmallModel.BlockTokens)
    {
        var writing = new Writing(store, new ContextSpec(tenant, name, SmallModel.Descriptor, blockTokens));
        await store.CreateAsync(writing._spec, default);
        writing.Context = (await store.OpenAsync(writing.Id, default))!;
        var secret = SessionSecret.Create();
        var granted = await writing.Context.AcquireAsync(
            new AcquireRequest("drone-a", secret.Hash, writing.Context.Status.Epoch), default);
        writing._proof = new SessionProof(granted.Epoch, secret.Hash);
        await writing.ResetHasherAsync();
        return writing;
    }

    /// <summary>The same context, opened and taken over in another silo's store.</summary>
    public async Task<Writing> ReopenAsync(ContextStore store)
    {
        var again = new Writing(store, _spec) { Context = (await store.OpenAsync(Id, default))! };
        var durable = again.Context.Status.Durable;
        again._tokens.AddRange(_tokens.Take((int)durable.Tokens));
        again._kv = (int)durable.Kv;
        await again.AcquireAsync();
        await again.ResetHasherAsync();
        return again;
    }

    /// <summary>Hands it to another agent.</summary>
    public async Task AcquireAsync(string agent = "drone-b")
    {
        var secret = SessionSecret.Create();
        var granted = await Context.AcquireAsync(new AcquireRequest(agent, secret.Hash, Context.Status.Epoch), default);
        _proof = new SessionProof(granted.Epoch, secret.Hash);
    }

    /// <summary>Appends inputs alone.</summary>
    public async Task AddTokensAsync(int count, int salt = 0)
    {
        for (var left = count; left > 0; left -= 1000)
        {
            var first = _tokens.Count;
            _tokens.AddRange(Enumerable.Range(first + salt, Math.Min(1000, left)));
            await Context.AppendInputsAsync(
                _proof,
                new InputRun(first, _tokens[first..].ToArray(), SmallModel.OneStepEach(_tokens.Count - first)),
                [new NamedState("tracker", _tokens.Count, new byte[600])],
                default);
        }
    }

    /// <summary>Appends states of 600 bytes.</summary>
    public async Task AddStatesAsync(int count)
    {
        NamedState[] states = [.. Enumerable.Range(0, count).Select(index => new NamedState($"s{index}", 0, new byte[600]))];
        _tokens.Add(_tokens.Count);
        await Context.AppendInputsAsync(_proof, new InputRun(_tokens.Count - 1, _tokens[^1..].ToArray(), new[] { 1 }), states, default);
    }

    /// <summary>Appends KV, in runs of some positions.</summary>
    public async Task AddKvAsync(int count, int run)
    {
        int[] tokens = [.. _tokens];
        var appends = new List<Task>();
        for (var end = _kv + count; _kv < end;)
        {
            var length = Math.Min(run, end - _kv);
            _hasher.Append(tokens.AsSpan(_kv, length));
            appends.Add(Context.AppendKvAsync(_proof, SmallModel.Kv(_hasher.Current(), tokens, _kv, length), default).AsTask());
            _kv += length;
        }

        await Task.WhenAll(appends);
    }

    /// <summary>Cuts the context back.</summary>
    public async Task RewindAsync(int length)
    {
        var secret = SessionSecret.Create();
        var granted = await Context.RewindAsync(_proof, length, secret.Hash, default);
        _proof = new SessionProof(granted.Epoch, secret.Hash);
        _tokens.RemoveRange(length, _tokens.Count - length);
        _kv = (int)granted.Durable.Kv;
        await ResetHasherAsync();
    }

    /// <summary>Closes the context: its root then has all, and no tail.</summary>
    public async ValueTask DisposeAsync() => await Context.CloseAsync(default);

    private async Task ResetHasherAsync()
    {
        _hasher = new PrefixHasher(
            await _store.GetTenantKeyAsync(_spec.Tenant, default), SmallModel.Descriptor.ComputeFingerprint(), _spec.BlockTokens);
        _hasher.Append(_tokens.ToArray().AsSpan(0, _kv));
    }
}
