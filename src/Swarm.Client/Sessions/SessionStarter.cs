using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Following;
using Swarm.Client.Rehydration;
using Swarm.Client.Spool;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Core.Sessions;
using Swarm.Format.Manifests;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.Sessions;

/// <summary>Starts the sessions of an agent: goes on from a spool or acquires the context, attaches to its silo and rehydrates it.</summary>
internal sealed class SessionStarter(string agent, ControlPlane control, SwarmClientOptions clientOptions, ILogger logger)
{
    private readonly ContextAcquirer _acquirer = new(control, clientOptions.TimeProvider, logger);

    /// <summary>What all steps of a start have in common.</summary>
    private readonly record struct Start(
        string Context, ModelDescriptor Model, RuntimeClaim? Claim, MemoryOptions Options, SpoolFolder? Folder, CancellationToken CancellationToken)
    {
        /// <summary>What has followed the context up to here; <see langword="null"/>: nothing.</summary>
        public ContextFollower? Follower { get; init; }

        /// <summary>Whether it has followed only while the holder was waited for.</summary>
        public bool IsPrefetch { get; init; }
    }

    /// <summary>Starts a session.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="model">The model whose context it is.</param>
    /// <param name="runtime">The model that computes; <see langword="null"/> where KV is computed elsewhere.</param>
    /// <param name="wish">How the context is asked for.</param>
    /// <param name="prompt">What the context begins with, if it is new; empty for nothing.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>The session, ready for the next token.</returns>
    public async Task<AgentMemory> StartAsync(
        string context,
        ModelDescriptor model,
        IKvRuntime? runtime,
        SessionWish wish,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options,
        CancellationToken cancellationToken)
    {
        Names.RequireContext(context);
        options ??= new MemoryOptions();
        options.Validate();
        return await MeasuredAsync(
            context, wish, () => StartCoreAsync(context, model, runtime, wish, prompt, options, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Takes over what a standby has followed. Its runtime becomes the session's; if this fails, the standby follows on.</summary>
    /// <param name="follower">What has followed the context.</param>
    /// <param name="context">Context name.</param>
    /// <param name="wish">How the context is asked for.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>The session, ready for the next token.</returns>
    public async Task<AgentMemory> TakeOverAsync(
        ContextFollower follower, string context, SessionWish wish, MemoryOptions? options, CancellationToken cancellationToken)
    {
        options ??= new MemoryOptions();
        options.Validate();
        return await MeasuredAsync(context, wish, () => TakeOverCoreAsync(follower, context, wish, options, cancellationToken)).ConfigureAwait(false);
    }

    private async Task<AgentMemory> MeasuredAsync(string context, SessionWish wish, Func<Task<AgentMemory>> start)
    {
        var began = clientOptions.TimeProvider.GetTimestamp();
        using var activity = ClientTrace.Start($"swarm.{wish.Kind}", context);
        try
        {
            var memory = await start().ConfigureAwait(false);
            control.Metrics.Opened(wish.Kind, clientOptions.TimeProvider.GetElapsedTime(began), null);
            memory.MeasureFirstToken(began);
            return memory;
        }
        catch (Exception fault)
        {
            control.Metrics.Opened(wish.Kind, clientOptions.TimeProvider.GetElapsedTime(began), fault);
            ClientTrace.Fail(activity, fault);
            throw;
        }
    }

    /// <summary>Resumes sessions of the agent on a context from their spool.</summary>
    public SpoolResumer Resumer(string context) => new(control, agent, context, clientOptions, logger);

    private async Task<AgentMemory> TakeOverCoreAsync(
        ContextFollower follower, string context, SessionWish wish, MemoryOptions options, CancellationToken cancellationToken)
    {
        SpoolFolder? folder = null;
        try
        {
            var start = new Start(context, follower.Claim.Runtime.Model, follower.Claim, options, null, cancellationToken) { Follower = follower };
            if (options.SpoolPath is { } root)
            {
                folder = SpoolFolder.Open(root, control.Credential.Tenant, agent, context);
                start = start with { Folder = folder };
                if (await Resumer(context).TryResumeAsync(folder, options, cancellationToken).ConfigureAwait(false) is { } resumed)
                {
                    await follower.StopAsync().ConfigureAwait(false); // It holds the context already: what the spool has goes on, from the beginning.
                    return await GoOnAsync(start with { Follower = null }, resumed).ConfigureAwait(false);
                }
            }

            return await AcquireAndStartAsync(start, wish).ConfigureAwait(false);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }
    }

    private async Task<AgentMemory> StartCoreAsync(
        string context,
        ModelDescriptor model,
        IKvRuntime? runtime,
        SessionWish wish,
        ReadOnlyMemory<int> prompt,
        MemoryOptions options,
        CancellationToken cancellationToken)
    {
        var claim = runtime is null ? null : RuntimeClaim.ForSession(runtime, context, agent);
        SpoolFolder? folder = null;
        try
        {
            if (runtime is not null && !prompt.IsEmpty)
            {
                await new PrefixSharing(control, logger).ShareAsync(context, runtime, prompt, options.BlockTokens, cancellationToken)
                    .ConfigureAwait(false);
            }

            if (options.SpoolPath is { } root)
            {
                folder = SpoolFolder.Open(root, control.Credential.Tenant, agent, context);
                if (await Resumer(context).TryResumeAsync(folder, options, cancellationToken).ConfigureAwait(false) is { } resumed)
                {
                    return await GoOnAsync(new Start(context, model, claim, options, folder, cancellationToken), resumed).ConfigureAwait(false);
                }
            }

            return await AcquireAndStartAsync(new Start(context, model, claim, options, folder, cancellationToken), wish).ConfigureAwait(false);
        }
        catch
        {
            folder?.Dispose();
            claim?.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with the session of an earlier process. It is not given back, whatever happens: its inputs are here.</summary>
    private async Task<AgentMemory> GoOnAsync(Start start, ResumedSession resumed)
    {
        try
        {
            resumed.RequireModel(start.Context, start.Model.ComputeFingerprint());
            return await RehydrateAsync(start, resumed.Lease, resumed.State, resumed.Link, resumed.Started, resumed).ConfigureAwait(false);
        }
        catch
        {
            await resumed.Link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<AgentMemory> AcquireAndStartAsync(Start start, SessionWish wish)
    {
        var context = start.Context;
        var secret = SessionSecret.Create();
        var request = wish.ToRequest(context, agent, secret.Hash, start.Model, start.Options.BlockTokens);
        var prefetch = start.Follower is null && start.Claim is { } waiting && start.Options is { PrefetchWhileWaiting: true, Strategy: not RehydrationStrategy.Recompute }
            ? new ContextFollower(context, control, waiting, clientOptions.TimeProvider, start.Options.SiloSilence, logger)
            : null;
        ContextLease lease;
        long started;
        try
        {
            (lease, started) = await _acquirer.AcquireAsync(request, waits: wish.Mode is not null, start.Follower, prefetch, start.CancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync(prefetch).ConfigureAwait(false);
            throw;
        }

        start = prefetch is { HasBegun: true, Progress.Status.HasEnded: false } ? start with { Follower = prefetch, IsPrefetch = true } : start;
        var state = new SessionState(
            new Epoch(lease.Epoch), new Watermarks(lease.DurableTokens, lease.DurableKv),
            error => ClientLog.FencedCallbackFailed(logger, context, error));
        var link = new SessionLink(control, context, state, secret, lease.DataPlane, logger);
        try
        {
            if (start.Follower is { } follower)
            {
                // Its silo tells it of this epoch, and with it whether all that it has holds. Meanwhile the session attaches, and the runtime computes.
                follower.ComputeAhead();
                var attaching = link.AttachAsync(start.CancellationToken).Observed();
                try
                {
                    await follower.WaitForAsync(state.Epoch, lease.DurableTokens, start.CancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    await ((Task)attaching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // It is tried again below.
                }

                await follower.StopAsync().ConfigureAwait(false);
            }

            return await RehydrateAsync(start, lease, state, link, started, resumed: null).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync(prefetch).ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
            await GiveBackAsync(new ReleaseContext(context, lease.Epoch, secret.Hash, "")).ConfigureAwait(false);
            throw;
        }
    }

    private static Task StopAsync(ContextFollower? follower) => follower is { HasBegun: true } ? follower.StopAsync() : Task.CompletedTask;

    /// <summary>Nobody must wait for a session that never came to be.</summary>
    private async Task GiveBackAsync(ReleaseContext request)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), clientOptions.TimeProvider);
            await control.ReleaseAsync(request, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SwarmRefusedException
            or SwarmTransportException)
        {
            ClientLog.NotGivenBack(logger, request.Context, exception.Message);
        }
    }

    private async Task<AgentMemory> RehydrateAsync(
        Start start, ContextLease lease, SessionState state, SessionLink link, long started, ResumedSession? resumed)
    {
        var (context, model, claim, options, folder, cancellationToken) = start;
        var time = clientOptions.TimeProvider;
        var failing = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var session = await link.AttachAsync(cancellationToken).ConfigureAwait(false);
                var (history, driver) = start.Follower is { } follower ? (follower.History, follower.Driver) : BeginAnew(start, lease);
                var states = new StateOutbox();
                var found = new Watermarks(lease.DurableTokens, lease.DurableKv);
                var reading = session.ReadStatesAsync(cancellationToken).Observed(); // Not waited for where rehydration fails.
                var rehydrator = new Rehydrator(context, session, history, driver, time, logger);
                RehydrationReport report;
                using (var activity = ClientTrace.Start("swarm.rehydrate", context))
                {
                    report = await new SiloWatch(link, options, time).WhileHereAsync(
                        session,
                        async token =>
                        {
                            await (start.Follower?.ConfirmAsync(session, found.Kv, token) ?? Task.CompletedTask).ConfigureAwait(false);
                            return await rehydrator.RunAsync(found, options.Strategy, started, token, resumed?.Undurable).ConfigureAwait(false);
                        },
                        cancellationToken)
                        .ConfigureAwait(false);
                    activity?.SetTag("swarm.rehydration.loaded", report.Loaded).SetTag("swarm.rehydration.recomputed", report.Recomputed);
                }

                report = WithFollowed(report, start);
                control.Metrics.Rehydrated(
                    options.Strategy, report.Elapsed, report.Loaded, report.Recomputed, report.Discarded, report.Reread);
                if (lease.Loss is { } loss)
                {
                    ClientLog.InputsLost(logger, context, report.Positions, loss);
                    report = report with { Loss = loss };
                }

                states.Load(await reading.ConfigureAwait(false));
                var fingerprint = model.ComputeFingerprint();
                var resumer = Resumer(context);
                var spooled = folder is null
                    ? null
                    : await resumer.StartAsync(
                        folder, resumed, link.Secret, new SpoolSession(fingerprint, state, history, states), options,
                        cancellationToken).ConfigureAwait(false);
                var numerics = NumericsHistory.Read(states.Find(NumericsCodec.StateName), history.Length, found.Kv);
                report = WithNumerics(report, context, claim?.Runtime, numerics);
                return new AgentMemory(
                    context, agent, fingerprint, control, history, states, claim, driver, state, link, report, numerics,
                    [.. start.Follower?.Damaged ?? [], .. rehydrator.Damaged],
                    resumer.Finder, spooled, options, time, logger);
            }
            catch (Exception exception) when (control.MayRepeat(exception, failing))
            {
                ClientLog.StreamingBroke(logger, context, attempt + 1, exception.Message);
                await link.DropAsync().ConfigureAwait(false);
                await control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static (InputHistory History, RuntimeDriver? Driver) BeginAnew(Start start, ContextLease lease)
    {
        var history = new InputHistory(
            new PrefixHasher(new TenantKey(lease.TenantKey), start.Model.ComputeFingerprint(), lease.BlockTokens));
        var driver = start.Claim is { } claim ? new RuntimeDriver(claim.Runtime, history, claim.Steps) : null;
        driver?.Clear();
        return (history, driver);
    }

    /// <summary>What the follower has loaded and computed, as a standby or while the holder was waited for.</summary>
    private static RehydrationReport WithFollowed(RehydrationReport report, Start start)
    {
        if (start.Follower?.ComputedAhead is { } ahead)
        {
            report = report with { Held = report.Held - ahead, Recomputed = report.Recomputed + ahead };
        }

        if (start is not { IsPrefetch: true, Follower.Progress.Status: var prefetched })
        {
            return report;
        }

        return report with
        {
            Held = 0,
            Prefetched = report.Held,
            Loaded = report.Loaded + report.Held - prefetched.Recomputed,
            Recomputed = report.Recomputed + prefetched.Recomputed,
            Discarded = report.Discarded + prefetched.Discarded,
            Bytes = report.Bytes + ((report.Held - prefetched.Recomputed) * start.Claim!.Runtime.Model.Geometry.BytesPerPosition),
            Tier = start.Follower.Tier > report.Tier ? start.Follower.Tier : report.Tier,
        };
    }

    private RehydrationReport WithNumerics(
        RehydrationReport report, string context, IKvRuntime? runtime, NumericsHistory history)
    {
        if (runtime is null)
        {
            return report;
        }

        var others = history.OthersThan(runtime.Numerics);
        if (others.Count > 0)
        {
            ClientLog.BitsMayDiffer(logger, context, runtime.Numerics.ToString(), string.Join(" | ", others));
        }

        return report with { Numerics = runtime.Numerics, OtherNumerics = others };
    }
}
