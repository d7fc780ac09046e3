using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Settings;
using Swarm.Format.Manifests;
using Swarm.Storage.Blobs;
using Swarm.Storage.Collection;
using Swarm.Storage.Compaction;
using Swarm.Storage.Contexts;
using Swarm.Storage.Forks;
using Swarm.Storage.Hosting;
using Swarm.Storage.Identity;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;
using Swarm.Storage.Prefixes;
using Swarm.Storage.Scheduling;
using Swarm.Storage.Tiers;

namespace Swarm.Storage;

/// <summary>All open contexts of a silo, over one blob store and one log.</summary>
/// <remarks>
/// Thread-safe. Control state lives on one logical thread; time, ids and scheduling come from outside, so that a test
/// decides every interleaving. Disposing drains and closes every context and ends the writer; a collection seals its log.
/// </remarks>
public sealed partial class ContextStore : IContextHost, IStorageObserved, IAsyncDisposable
{
    private readonly ContextServices _services;
    private readonly Catalog _catalog;
    private readonly ContextOpener _opener;
    private readonly Checkpointer _checkpointer;
    private readonly Dictionary<ContextId, OpenContext> _open = [];
    private readonly LogWriters _writers;
    private readonly ContextCreator _creator;
    private readonly ContextForker _forker;
    private readonly Maintenance _maintenance;
    private readonly DiskTier? _disk;
    private readonly StoreGuard _guard;
    private readonly StorageMetrics _metrics;

    /// <summary>Starts the contexts of a silo.</summary>
    /// <param name="store">Where everything is kept. Not disposed.</param>
    /// <param name="options">Settings. All that are out of range are named at once.</param>
    /// <param name="time">Clock and timers.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="liveness">What is known of other silos; by default every other writer is taken for gone.</param>
    /// <param name="ids">Source of ids; by default random ones.</param>
    /// <param name="scheduler">Runs all control work, one piece at a time; by default on the thread pool.</param>
    /// <param name="meters">The host's meters; by default the store has one of its own, which ends with it.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message lists every fault.</exception>
    public ContextStore(
        IBlobStore store,
        ContextStoreOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        IWriterLiveness? liveness = null,
        IIdSource? ids = null,
        TaskScheduler? scheduler = null,
        IMeterFactory? meters = null)
        : this(store, options, time, loggers, liveness, ids, scheduler, ProtocolRules.All, meters)
    {
    }

    /// <summary>Starts a store that keeps some rules alone: for tests that take one away.</summary>
    internal ContextStore(
        IBlobStore store,
        ContextStoreOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        IWriterLiveness? liveness,
        IIdSource? ids,
        TaskScheduler? scheduler,
        ProtocolRules rules,
        IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        SettingRules.Require(options, nameof(options));
        var logger = loggers.CreateLogger<ContextStore>();
        ids ??= new RandomIdSource(time);
        var loop = scheduler is null ? StoreLoop.OnThreadPool() : new StoreLoop(scheduler);
        _metrics = new StorageMetrics(meters);
        var reader = new RetryingReader(store, time, _metrics);
        _guard = new StoreGuard(store, reader, time, ids, logger, _metrics, rules.SameStore, OnStoreLost);
        var segments = new SegmentReader(reader);
        var holes = new LogHoles(store, segments, time, rules, _metrics);
        var logs = new LogReader(reader, segments, holes, options, logger, _metrics);
        _disk = options.DiskTierPath is { Length: > 0 } folder ? new DiskTier(folder, options.DiskTierBytes, logger, _metrics) : null;
        Memory = new MemoryTier(options.MemoryTierBytes, _disk, time);
        Prefixes = new PrefixIndex(options.PrefixIndexBlocks, _metrics);
        _services = new ContextServices(
            store,
            options,
            time,
            ids,
            logger,
            _metrics,
            loop,
            reader,
            segments,
            logs,
            new LogDamages(store, reader, holes, time, logger, _metrics),
            new RootStore(store, reader, time, logger, _metrics, ConfirmStoreAsync),
            new PageStore(store, reader, time, ids, _metrics),
            Memory,
            new KvFetcher(reader, Memory, _disk, Names, logger, _metrics),
            Prefixes,
            Names,
            rules,
            ConfirmStoreAsync);
        _writers = new LogWriters(
            () => new LogWriter(store, options, time, ids, logger, _metrics, segments, _guard, rules, OnWriterLost), _guard, logger);
        var pageWriter = new PageWriter(_services.Pages, options);
        _catalog = new Catalog(store, reader, time, ids, _metrics);
        _checkpointer = new Checkpointer(_services, pageWriter);
        var loader = new StateLoader(_services, _catalog);
        _opener = new ContextOpener(
            _services,
            liveness ?? new SingleSiloLiveness(),
            new RecoveredLogs(new LogRecovery(store, segments, logs, holes, time, ids, logger, _metrics, rules)),
            loader,
            pageWriter,
            _catalog,
            _writers.Current,
            _writers.Find);
        _creator = new ContextCreator(_services, _catalog, _guard);
        _forker = new ContextForker(_services, loader, pageWriter, _catalog);
        _maintenance = new Maintenance(
            _services,
            _checkpointer,
            new Compactor(_services),
            new Collector(_services, _writers.IsOwn),
            () => [.. Snapshot().Select(context => context.Incarnation)],
            End,
            RotateAsync);
        _metrics.Observe(this);
    }

    /// <summary>The memory tier.</summary>
    public MemoryTier Memory { get; }

    /// <summary>Whose KV a new context can share.</summary>
    public PrefixIndex Prefixes { get; }

    /// <summary>Names of contexts, for log lines.</summary>
    public ContextNames Names { get; } = new();

    /// <summary>What the store last answered to a write that still fails; <see langword="null"/> when all is well.</summary>
    public string? StoreFault => _writers.Present?.Fault;

    /// <summary>
    /// What became of the store, once it was emptied, replaced or set back under this process: nothing is opened or acknowledged any more.
    /// <see langword="null"/> while it is the same. Readable from any thread.
    /// </summary>
    public string? StoreReplaced => _guard.Fault;

    /// <inheritdoc/>
    int IStorageObserved.OpenContexts => Snapshot().Length;

    /// <inheritdoc/>
    LagFigures IStorageObserved.Lag => Snapshot().Aggregate(default(LagFigures), static (sum, context) =>
    {
        var (inputs, kv) = context.Incarnation.Lag;
        return new LagFigures(sum.Inputs + inputs, sum.Kv + kv, Math.Max(sum.MaxInputs, inputs), Math.Max(sum.MaxKv, kv));
    });

    /// <inheritdoc/>
    long IStorageObserved.UndurableLogBytes => _writers.Present?.UndurableBytes ?? 0;

    /// <inheritdoc/>
    IEnumerable<TierFigures> IStorageObserved.Tiers => _disk is null ? [Memory.Figures] : [Memory.Figures, _disk.Figures];

    /// <summary>Id of the present writer; default before the first append.</summary>
    public Id128 Writer => _writers.Present?.Id ?? default;

    /// <summary>Looks whether the store is still the one that it was; at first, which one it is. A new store is given its identity.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The identity.</returns>
    /// <exception cref="SwarmRefusedException">The store cannot be used, or is not the same any more (<see cref="StoreReplaced"/>).</exception>
    public async Task<StoreIdentity> CheckStoreAsync(CancellationToken cancellationToken)
    {
        await RunAsync(async () =>
        {
            await ConfirmStoreAsync();
            await _guard.LookBehindNewIdentityAsync();
        }).WaitAsync(cancellationToken);
        return _guard.Identity;
    }

    /// <inheritdoc/>
    public async ValueTask<IOpenContext?> OpenAsync(ContextId id, CancellationToken cancellationToken)
    {
        IOpenContext? open = null;
        await RunAsync(async () => open = await GetAsync(id)).WaitAsync(cancellationToken);
        return open;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> CreateAsync(ContextSpec spec, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var isNew = false;
        await RunAsync(async () => isNew = await _creator.CreateAsync(spec)).WaitAsync(cancellationToken);
        return isNew;
    }

    /// <inheritdoc/>
    public IOpenContext? Find(ContextId id)
    {
        lock (_open)
        {
            return _open.GetValueOrDefault(id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Forked> ForkAsync(
        ContextId parent, string name, long? position, BlockHash? through, CancellationToken cancellationToken)
    {
        Forked made = default;
        await RunAsync(async () =>
        {
            made = await _forker.ForkAsync(parent, name, position, through);
            _metrics.Forks.Add(made.IsNew ? 1 : 0);
            await ConfirmStoreAsync();
        }).WaitAsync(cancellationToken);
        return made;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EraseAsync(ContextId id, CancellationToken cancellationToken)
    {
        var isErased = false;
        await RunAsync(async () => isErased = await EraseCoreAsync(id)).WaitAsync(cancellationToken);
        return isErased;
    }

    /// <summary>Deletes what no root refers to, now; otherwise it is done now and then.</summary>
    /// <param name="cancellationToken">Stops waiting; the round goes on.</param>
    /// <returns>What was done.</returns>
    public Task<CollectionReport> CollectAsync(CancellationToken cancellationToken) =>
        _services.Loop.RunAsync(_maintenance.CollectAsync).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<TenantKey> GetTenantKeyAsync(string tenant, CancellationToken cancellationToken)
    {
        TenantKey? key = null;
        await RunAsync(async () =>
            key = await _catalog.GetTenantKeyAsync(ContextId.TenantIdOf(tenant), tenant)).WaitAsync(cancellationToken);
        return key!;
    }

    /// <summary>Forgets what the prefix index knows of a context: it turned out wrong.</summary>
    /// <param name="id">The context.</param>
    /// <returns>A task that ends when it is forgotten.</returns>
    public Task ForgetPrefixAsync(ContextId id) => _services.Loop.RunAsync(() =>
    {
        Prefixes.Forget(id);
        return Task.CompletedTask;
    });

    /// <summary>Answers another silo that asks for a context (protocol, open).</summary>
    /// <param name="writer">The writer that the context's root names.</param>
    /// <param name="id">The context.</param>
    /// <returns>Released when it is closed here, busy, or gone when that writer is not a live one of this store.</returns>
    public Task<ReleaseOutcome> AnswerReleaseAsync(Id128 writer, ContextId id) =>
        _services.Loop.RunAsync(() => AnswerReleaseCoreAsync(writer, id));

    /// <summary>Runs work on the loop, in the store that it was begun in; store faults become refusals.</summary>
    private Task RunAsync(Func<Task> work) => _services.Loop.RunAsync(async () =>
    {
        try
        {
            await PageLoader.GuardAsync(async () =>
            {
                await _guard.KnowAsync();
                await work();
            });
        }
        catch (SwarmRefusedException) when (_guard.Fault is { } fault)
        {
            throw Refusals.StoreReplaced(fault);
        }
    });

    /// <summary>Throws where the store is not the one that it was.</summary>
    private async Task ConfirmStoreAsync()
    {
        if (_services.Rules.SameStore.ConfirmsStore)
        {
            // The identity shows which store it is, a log that nothing it rests on was set back.
            await Task.WhenAll(_guard.CheckAsync(), _writers.CheckAsync());
            _guard.ThrowIfEnded();
        }
    }

    private OpenContext[] Snapshot()
    {
        lock (_open)
        {
            return [.. _open.Values];
        }
    }

    /// <summary>Goes on in a new log, context by context, and seals the old one (protocol, rule 6).</summary>
    private async Task RotateAsync()
    {
        var next = _writers.Rotate();
        foreach (var context in Snapshot())
        {
            if (context.Incarnation.Writer != next && !await _checkpointer.MoveAsync(context.Incarnation, next))
            {
                End(context.Incarnation, "the root's compare-and-swap was lost, or its outcome is unknown");
            }
        }

        await _writers.RetireAsync(writer => Snapshot().Any(context => context.Incarnation.Writer == writer));
    }

    private async Task<bool> EraseCoreAsync(ContextId id)
    {
        if (await GetAsync(id) is not OpenContext context)
        {
            return false;
        }

        await _checkpointer.CloseAsync(context.Incarnation, RootState.Erased);
        Drop(context.Incarnation, "it is erased");
        if (await _services.Roots.ReadAsync(id) is { Root.State: RootState.Ready })
        {
            throw Refusals.Busy($"Context {id} could not be erased now. Try again.");
        }

        Prefixes.Forget(id);
        StorageLog.ContextErased(_services.Logger, Names.Label(id));
        return true;
    }
}
