using Microsoft.Extensions.Logging;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Storage.Blobs;
using Swarm.Storage.Contexts;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;
using Swarm.Storage.Reading;
using Swarm.Storage.Scheduling;
using Swarm.Storage.Tiers;

namespace Swarm.Storage;

/// <summary>All open contexts of a silo, over one blob store and one log.</summary>
/// <remarks>
/// Thread-safe. Control state lives on one logical thread; time, ids and scheduling come from outside, so that a test
/// decides every interleaving. Disposing drains and closes every context and ends the log.
/// </remarks>
public sealed class ContextStore : IContextHost, IAsyncDisposable
{
    private readonly ContextServices _services;
    private readonly Catalog _catalog;
    private readonly ContextOpener _opener;
    private readonly RootKeeper _keeper;
    private readonly Dictionary<ContextId, OpenContext> _open = [];
    private readonly Dictionary<ContextId, Task<OpenContext?>> _opening = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _housekeeping;
    private LogWriter? _writer;

    /// <summary>Starts a store.</summary>
    /// <param name="store">Where everything is kept. Not disposed.</param>
    /// <param name="options">Settings; see <see cref="ContextStoreOptionsFaults"/>.</param>
    /// <param name="time">Clock and timers.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="liveness">What is known of other silos; by default every other writer is taken for gone.</param>
    /// <param name="ids">Source of ids; by default random ones.</param>
    /// <param name="scheduler">Runs all control work, one piece at a time; by default on the thread pool.</param>
    /// <exception cref="ArgumentException">A setting is out of its range; the message lists every fault.</exception>
    public ContextStore(
        IBlobStore store,
        ContextStoreOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        IWriterLiveness? liveness = null,
        IIdSource? ids = null,
        TaskScheduler? scheduler = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        var faults = ContextStoreOptionsFaults.Find(options);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', faults), nameof(options));
        }

        var logger = loggers.CreateLogger<ContextStore>();
        ids ??= new RandomIdSource(time);
        var loop = scheduler is null ? StoreLoop.OnThreadPool() : new StoreLoop(scheduler);
        var reader = new RetryingReader(store, time);
        var segments = new SegmentReader(reader);
        Memory = new MemoryTier(options.MemoryTierBytes);
        _services = new ContextServices(
            store,
            options,
            time,
            ids,
            logger,
            loop,
            reader,
            segments,
            new RootStore(store, reader, time),
            new PageStore(store, reader, time, ids),
            Memory,
            new KvFetcher(reader, Memory));
        var checkpointer = new Checkpointer(_services.Pages);
        _catalog = new Catalog(store, reader, time, ids);
        _keeper = new RootKeeper(_services, checkpointer);
        _opener = new ContextOpener(
            _services,
            liveness ?? new EveryOtherWriterIsGone(),
            new LogRecovery(store, segments, time, ids, logger),
            checkpointer,
            _catalog,
            CurrentWriter);
        _housekeeping = loop.RunAsync(KeepHouseAsync);
    }

    /// <summary>The memory tier.</summary>
    public MemoryTier Memory { get; }

    /// <summary>What the store last answered to a write that still fails; <see langword="null"/> when all is well.</summary>
    public string? StoreFault => Volatile.Read(ref _writer)?.Fault;

    /// <summary>Id of the present writer; default before the first append.</summary>
    public Id128 Writer => Volatile.Read(ref _writer)?.Id ?? default;

    /// <inheritdoc/>
    public async ValueTask<IOpenContext?> OpenAsync(ContextId id, CancellationToken cancellationToken) =>
        await _services.Loop.RunAsync(() => GetAsync(id)).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<bool> CreateAsync(ContextSpec spec, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return await _services.Loop.RunAsync(() => CreateCoreAsync(spec)).WaitAsync(cancellationToken);
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
    public async ValueTask<TenantKey> GetTenantKeyAsync(string tenant, CancellationToken cancellationToken)
    {
        TenantKey? key = null;
        await _services.Loop.RunAsync(() => PageLoader.GuardAsync(async () =>
            key = await _catalog.GetTenantKeyAsync(ContextId.TenantIdOf(tenant), tenant))).WaitAsync(cancellationToken);
        return key!;
    }

    /// <summary>Answers another silo that asks for a context (protocol, open).</summary>
    /// <param name="writer">The writer that the context's root names.</param>
    /// <param name="id">The context.</param>
    /// <returns>Released when it is closed here, busy, or gone when that writer is not a live one of this store.</returns>
    public Task<ReleaseOutcome> AnswerReleaseAsync(Id128 writer, ContextId id) =>
        _services.Loop.RunAsync(() => AnswerReleaseCoreAsync(writer, id));

    /// <summary>Drains and closes every context, and ends the log.</summary>
    /// <returns>A task that ends when all is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _services.Loop.RunAsync(async () =>
        {
            foreach (var context in Snapshot())
            {
                await CloseAsync(context.Hosted);
            }

            _writer?.Lose("this silo stops");
        });
        await _housekeeping;
        _stopping.Dispose();
    }

    private LogWriter CurrentWriter()
    {
        if (_writer is not { IsDead: false })
        {
            Volatile.Write(ref _writer, new LogWriter(
                _services.Store,
                _services.Options,
                _services.Time,
                _services.Ids,
                _services.Logger,
                _services.Segments,
                OnWriterLost));
            StorageLog.WriterStarts(_services.Logger, _writer!.Id);
        }

        return _writer;
    }

    private void OnWriterLost(LogWriter writer, string reason)
    {
        var dropped = Snapshot().Where(context => context.Hosted.Writer == writer).ToArray();
        StorageMetrics.WritersLost.Add(1);
        StorageLog.WriterLost(_services.Logger, writer.Id, reason, dropped.Length);
        foreach (var context in dropped)
        {
            context.Hosted.End();
            Drop(context.Hosted, reason);
        }
    }

    private async Task<IOpenContext?> GetAsync(ContextId id)
    {
        if (_stopping.IsCancellationRequested)
        {
            throw Refusals.Busy("This silo is stopping. Ask for the context again: another one will open it.");
        }

        if (Find(id) is OpenContext here)
        {
            return here.Hosted.IsEnding
                ? throw Refusals.Busy($"Context {id} is being closed here. Try again.")
                : here;
        }

        if (!_opening.TryGetValue(id, out var opening))
        {
            opening = OpenHereAsync(id);
            if (!opening.IsCompleted)
            {
                _opening[id] = opening;
            }
        }

        return await opening;
    }

    private async Task<OpenContext?> OpenHereAsync(ContextId id)
    {
        try
        {
            if (await _opener.OpenAsync(id) is not { } hosted)
            {
                return null;
            }

            var context = new OpenContext(
                hosted, _services, () => CloseAsync(hosted), () => IsCurrentAsync(hosted));
            lock (_open)
            {
                _open[id] = context;
            }

            return context;
        }
        finally
        {
            _opening.Remove(id);
        }
    }

    private async Task<bool> CreateCoreAsync(ContextSpec spec)
    {
        if (spec.BlockTokens is < 1 or > PrefixHasher.MaxBlockTokens)
        {
            throw Refusals.Invalid(
                $"A block of {spec.BlockTokens} positions is impossible: 1 to {PrefixHasher.MaxBlockTokens} are.");
        }

        var isNew = false;
        await PageLoader.GuardAsync(async () =>
        {
            if (await _services.Roots.ReadAsync(spec.Id) is not null)
            {
                return;
            }

            await _catalog.AddModelAsync(spec.Model);
            var key = await _catalog.GetTenantKeyAsync(spec.Id.Tenant, spec.Tenant);
            var fingerprint = spec.Model.ComputeFingerprint();
            isNew = await _services.Roots.CreateAsync(spec.Id, new ContextRoot
            {
                State = RootState.Ready,
                Nonce = _services.Ids.Next(),
                Generation = 1,
                Tenant = spec.Tenant,
                Name = spec.Name,
                Model = fingerprint,
                BlockTokens = spec.BlockTokens,
                Epoch = default,
                Holder = "",
                ReservedFor = "",
                SecretHash = default,
                TokenLength = 0,
                KvLengths = [.. spec.Model.Geometry.Groups.Select(_ => 0L)],
                BlockChain = new PrefixHasher(key, fingerprint, spec.BlockTokens).Parent,
                ExtentPages = [],
                InputPages = [],
                Tails = [],
                OpenId = default,
            });
        });
        return isNew;
    }

    private async Task<ReleaseOutcome> AnswerReleaseCoreAsync(Id128 writer, ContextId id)
    {
        if (_writer is not { IsDead: false } mine || mine.Id != writer)
        {
            return ReleaseOutcome.Gone;
        }

        if (_opening.ContainsKey(id))
        {
            return ReleaseOutcome.Busy;
        }

        // Not open here although the root names this writer: the answer to an opening was lost. Open it, then close it.
        var context = Find(id) as OpenContext ?? await OpenHereAsync(id);
        if (context is null || context.Hosted.IsEnding)
        {
            return ReleaseOutcome.Busy;
        }

        await CloseAsync(context.Hosted);
        return ReleaseOutcome.Released;
    }

    private async Task CloseAsync(HostedContext hosted)
    {
        await _keeper.CloseAsync(hosted);
        Drop(hosted, "it was asked to");
    }

    private async Task<bool> IsCurrentAsync(HostedContext hosted)
    {
        if (await _keeper.IsCurrentAsync(hosted))
        {
            return true;
        }

        hosted.End();
        Drop(hosted, "another silo has opened it");
        return false;
    }

    private void Drop(HostedContext hosted, string reason)
    {
        lock (_open)
        {
            if (!_open.TryGetValue(hosted.Id, out var context) || context.Hosted != hosted)
            {
                return;
            }

            _open.Remove(hosted.Id);
        }

        StorageLog.ContextClosed(_services.Logger, hosted.Id, reason);
    }

    private OpenContext[] Snapshot()
    {
        lock (_open)
        {
            return [.. _open.Values];
        }
    }

    private async Task KeepHouseAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_services.Options.HousekeepingInterval, _services.Time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            foreach (var context in Snapshot().Where(context => NeedsCheckpoint(context.Hosted)))
            {
                await CheckpointAsync(context.Hosted);
            }
        }
    }

    private bool NeedsCheckpoint(HostedContext context) =>
        context.Writer.Acknowledged - context.TailStart > (ulong)_services.Options.CheckpointSegments
        || context.Durable.Extents.Tail.Count >= 2 * ManifestCodec.MaxPageExtents
        || context.Durable.Inputs.TailLength >= 2 * context.Durable.Inputs.PagePositions;

    private async Task CheckpointAsync(HostedContext context)
    {
        try
        {
            if (!await _keeper.CheckpointAsync(context))
            {
                context.End();
                Drop(context, "its root was taken over, or the store does not say");
            }
        }
        catch (Exception fault) when (fault is BlobStoreException or SwarmRefusedException
            or Format.Objects.CorruptObjectException or InvalidOperationException)
        {
            StorageLog.CheckpointFailed(_services.Logger, context.Id, fault);
        }
    }
}
