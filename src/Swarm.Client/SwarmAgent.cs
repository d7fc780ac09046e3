using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Handoffs;
using Swarm.Client.Rehydration;
using Swarm.Client.Sessions;
using Swarm.Client.Spool;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Inference;
using Swarm.Core.Models;
using Swarm.Core.Sessions;
using Swarm.Format.Manifests;
using Swarm.Grains.Abstractions;

namespace Swarm.Client;

/// <summary>One agent by name: opens contexts and takes them over.</summary>
public sealed class SwarmAgent
{
    private readonly ControlPlane _control;
    private readonly SwarmClientOptions _options;
    private readonly ILogger _logger;

    internal SwarmAgent(string name, ControlPlane control, SwarmClientOptions options)
    {
        Name = Names.RequireAgent(name);
        _control = control;
        _options = options;
        _logger = options.LoggerFactory.CreateLogger<SwarmAgent>();
    }

    /// <summary>Agent name.</summary>
    public string Name { get; }

    /// <summary>Opens a context that nobody holds, or makes it.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="runtime">The model; it is emptied, and receives the context's memory.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>The session, ready for the next token.</returns>
    /// <remarks>
    /// With a <see cref="MemoryOptions.SpoolPath"/>, the agent's last session on the context goes on if it still holds it:
    /// same epoch, its inputs replayed from the disk. <see cref="AgentMemory.Recovery"/> tells.
    /// </remarks>
    /// <exception cref="ContextOwnedException">
    /// A session holds the context; the message names its agent. Where that is this very agent, as after a crash without a spool,
    /// <see cref="OpenOrTakeOverAsync(string, IKvRuntime, TakeOver, MemoryOptions?, CancellationToken)"/> goes on at once.
    /// </exception>
    /// <exception cref="InvalidOperationException">The runtime is in use by another session of this process.</exception>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="ArgumentException">A name is not allowed, or the runtime too small for the context.</exception>
    /// <exception cref="SpoolException">The spool is in use, or cannot be read or written.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<AgentMemory> OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        return StartAsync(context, runtime.Model, runtime, Asking.ToOpen, default, options, cancellationToken);
    }

    /// <summary>
    /// Opens a context that begins with a prompt. KV that another context of the tenant has of the same beginning is shared, not
    /// computed; the rest of the prompt is fed.
    /// </summary>
    /// <param name="context">Context name. One that exists is opened as it is, and lacks at most the end of the prompt.</param>
    /// <param name="runtime">The model; it is emptied, and receives the context's memory.</param>
    /// <param name="prompt">
    /// Token ids, at least one. What is looked for is whole steps of others over whole blocks of the same inputs, among the first 16,384
    /// blocks; the longest step is the runtime's <see cref="IKvRuntime.MaxStepTokens"/>.
    /// </param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be made and acquired by then.</param>
    /// <returns>
    /// The session, at least the prompt long. <see cref="AgentMemory.Rehydration"/> tells what was loaded: of a context that is new,
    /// that is what it shares.
    /// </returns>
    /// <remarks>
    /// Contexts of one tenant and model share by themselves, without naming each other; nothing of another tenant is ever found.
    /// Where silos cannot look, all is computed, and the log says so.
    /// </remarks>
    /// <exception cref="AppendConflictException">The context exists, and does not begin with the prompt. It was given back.</exception>
    /// <inheritdoc cref="OpenAsync(string, IKvRuntime, MemoryOptions?, CancellationToken)" path="/exception"/>
    public async Task<AgentMemory> OpenWithPromptAsync(
        string context,
        IKvRuntime runtime,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        Names.RequireContext(context);
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("A prompt has at least one token; open the context without one otherwise.", nameof(prompt));
        }

        options ??= new MemoryOptions();
        options.Validate();
        CheckPrompt(prompt.Span, runtime);
        var memory = await StartAsync(context, runtime.Model, runtime, Asking.ToOpen, prompt, options, cancellationToken).ConfigureAwait(false);
        try
        {
            await memory.GoOnWithAsync(prompt, cancellationToken).ConfigureAwait(false);
            return memory;
        }
        catch
        {
            if (memory.Recovery is null)
            {
                await memory.GiveUpAsync().ConfigureAwait(false);
            }

            await memory.CloseAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens a context for an agent whose KV is computed elsewhere: it appends tokens alone.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="model">The model whose context it is.</param>
    /// <inheritdoc cref="OpenAsync(string, IKvRuntime, MemoryOptions?, CancellationToken)"/>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    public Task<AgentMemory> OpenAsync(
        string context,
        ModelDescriptor model,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return StartAsync(context, model, null, Asking.ToOpen, default, options, cancellationToken);
    }

    /// <summary>Takes an existing context over, and waits until it may.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="runtime">The model; it is emptied, and receives the context's memory.</param>
    /// <param name="mode">What is waited for.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be acquired by then.</param>
    /// <returns>The session, ready for the next token.</returns>
    /// <remarks>
    /// With a <see cref="MemoryOptions.SpoolPath"/>, an earlier session of this agent that still holds the context goes on:
    /// nothing is taken over then. Without one, a session of this agent that crashed is waited for like any other, and never releases:
    /// <see cref="OpenOrTakeOverAsync(string, IKvRuntime, TakeOver, MemoryOptions?, CancellationToken)"/> takes it over at once.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The runtime is in use by another session of this process.</exception>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="SwarmRefusedException">There is no such context, among others.</exception>
    /// <exception cref="ArgumentException">A name is not allowed, or the runtime too small for the context.</exception>
    /// <exception cref="SpoolException">The spool is in use, or cannot be read or written.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<AgentMemory> TakeOverAsync(
        string context,
        IKvRuntime runtime,
        TakeOver mode,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        return StartAsync(context, runtime.Model, runtime, Asking.ToTakeOver(mode), default, options, cancellationToken);
    }

    /// <summary>
    /// Opens a context, whatever became of it: makes one that does not exist, opens one that nobody holds, takes over at once what a session of this very
    /// agent holds, and waits for another agent's as asked. The one call for an agent that may have crashed.
    /// </summary>
    /// <param name="context">Context name.</param>
    /// <param name="runtime">The model; it is emptied, and receives the context's memory.</param>
    /// <param name="mode">What is waited for where another agent holds the context, or it was released for one.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be made and acquired by then.</param>
    /// <returns>The session, ready for the next token. <see cref="AgentMemory.Length"/> is 0 where the context is new.</returns>
    /// <remarks>
    /// <para>
    /// Give each process an agent name of its own. Two that live at the same time under one name take the context from each other: the later one has it,
    /// the earlier one is fenced and gets a <see cref="StaleEpochException"/>. Nothing that is durable is lost, and no two write at once.
    /// </para>
    /// <para>
    /// With a <see cref="MemoryOptions.SpoolPath"/>, an earlier session of this agent that still holds the context goes on, with what the spool has of it:
    /// nothing is taken over then.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The runtime is in use by another session of this process.</exception>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="ArgumentException">A name is not allowed, or the runtime too small for the context.</exception>
    /// <exception cref="SpoolException">The spool is in use, or cannot be read or written.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached.</exception>
    public Task<AgentMemory> OpenOrTakeOverAsync(
        string context,
        IKvRuntime runtime,
        TakeOver mode,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        return StartAsync(context, runtime.Model, runtime, Asking.ToOpenOrTakeOver(mode), default, options, cancellationToken);
    }

    /// <summary>The same for an agent whose KV is computed elsewhere: it appends tokens alone.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="model">The model whose context it is.</param>
    /// <inheritdoc cref="OpenOrTakeOverAsync(string, IKvRuntime, TakeOver, MemoryOptions?, CancellationToken)"/>
    /// <param name="mode">What is waited for where another agent holds the context, or it was released for one.</param>
    /// <param name="options">Settings; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; the context may be made and acquired by then.</param>
    public Task<AgentMemory> OpenOrTakeOverAsync(
        string context,
        ModelDescriptor model,
        TakeOver mode,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return StartAsync(context, model, null, Asking.ToOpenOrTakeOver(mode), default, options, cancellationToken);
    }

    /// <summary>What fenced sessions of this agent have left over in a spool. Opens nothing, and disturbs nobody.</summary>
    /// <param name="context">Context name.</param>
    /// <param name="spoolPath">The folder, <see cref="MemoryOptions.SpoolPath"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>
    /// The newest first; empty where nothing is left. A session that still holds the context is not among them: open the
    /// context, and it goes on.
    /// </returns>
    /// <exception cref="ArgumentException">The name or the path is not allowed.</exception>
    /// <exception cref="SpoolException">A session uses the spool, or it cannot be read.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached. Retryable.</exception>
    public async Task<IReadOnlyList<SpoolLeftover>> RecoverSpoolAsync(
        string context, string spoolPath, CancellationToken cancellationToken = default)
    {
        Names.RequireContext(context);
        ArgumentException.ThrowIfNullOrWhiteSpace(spoolPath);
        using var folder = SpoolFolder.Open(spoolPath, _control.Credential.Tenant, Name, context);
        var resumer = Resumer(context);
        var resumed = await resumer.TryResumeAsync(folder, new MemoryOptions(), cancellationToken).ConfigureAwait(false);
        if (resumed is not null)
        {
            await resumed.Link.DisposeAsync().ConfigureAwait(false);
        }

        return await resumer.FindLeftoversAsync(folder, resumed?.Directory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Before anything is made: nobody is to hold a context for the sake of a prompt that cannot be fed.</summary>
    private static void CheckPrompt(ReadOnlySpan<int> prompt, IKvRuntime runtime)
    {
        if (prompt.Length > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"A prompt of {prompt.Length} tokens is over the runtime's {runtime.MaxPositions} positions. Shorten it, or give the model a larger cache.",
                nameof(prompt));
        }

        var wrong = prompt.IndexOfAnyExceptInRange(0, runtime.VocabularySize - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException(
                $"Token {prompt[wrong]} at {wrong} of the prompt is none of the model's {runtime.VocabularySize}.", nameof(prompt));
        }
    }

    /// <summary>Makes the context out of another one's beginning, if it is new and there is one. Failing that, it is made as any other.</summary>
    private async Task SharePrefixAsync(
        string context, IKvRuntime runtime, ReadOnlyMemory<int> prompt, int blockTokens, CancellationToken cancellationToken)
    {
        // The last token is fed in any case: its logits are what the agent goes on from.
        var tokens = prompt[..Math.Min(prompt.Length - 1, IPrefixDirectory.MaxTokensIn(blockTokens))];
        if (tokens.Length < blockTokens)
        {
            return;
        }

        try
        {
            await _control.GetStatusAsync(context, cancellationToken).ConfigureAwait(false);
            return;
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.NotFound)
        {
            // A new one.
        }

        try
        {
            var shared = await _control.ForkPrefixAsync(
                new PrefixFork(context, runtime.Fingerprint.Value, blockTokens, tokens.ToArray()), cancellationToken)
                .ConfigureAwait(false);
            if (shared.Parent.Length > 0)
            {
                Log.PrefixShared(_logger, context, shared.Position, shared.Parent);
            }
        }
        catch (Exception exception) when (exception is SwarmRefusedException { Refusal.Code: not RefusalCode.Unauthorized } or SwarmTransportException)
        {
            Log.PrefixNotShared(_logger, context, exception.Message);
        }
    }

    private async Task<AgentMemory> StartAsync(
        string context,
        ModelDescriptor model,
        IKvRuntime? runtime,
        Asking asking,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options,
        CancellationToken cancellationToken)
    {
        Names.RequireContext(context);
        options ??= new MemoryOptions();
        options.Validate();
        var claim = runtime is null ? null : RuntimeClaim.ForSession(runtime, context, Name);
        SpoolFolder? folder = null;
        try
        {
            if (runtime is not null && !prompt.IsEmpty)
            {
                await SharePrefixAsync(context, runtime, prompt, options.BlockTokens, cancellationToken).ConfigureAwait(false);
            }

            if (options.SpoolPath is { } root)
            {
                folder = SpoolFolder.Open(root, _control.Credential.Tenant, Name, context);
                if (await Resumer(context).TryResumeAsync(folder, options, cancellationToken).ConfigureAwait(false) is { } resumed)
                {
                    return await GoOnAsync(context, model, claim, options, folder, resumed, cancellationToken).ConfigureAwait(false);
                }
            }

            return await AcquireAndStartAsync(context, model, claim, asking, options, folder, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            folder?.Dispose();
            claim?.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with the session of an earlier process. It is not given back, whatever happens: its inputs are here.</summary>
    private async Task<AgentMemory> GoOnAsync(
        string context,
        ModelDescriptor model,
        RuntimeClaim? claim,
        MemoryOptions options,
        SpoolFolder folder,
        ResumedSession resumed,
        CancellationToken cancellationToken)
    {
        try
        {
            resumed.RequireModel(context, model.ComputeFingerprint());
            return await RehydrateAsync(
                context, model, claim, resumed.Lease, resumed.State, resumed.Link, options, resumed.Started, folder, resumed,
                cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await resumed.Link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<AgentMemory> AcquireAndStartAsync(
        string context,
        ModelDescriptor model,
        RuntimeClaim? claim,
        Asking asking,
        MemoryOptions options,
        SpoolFolder? folder,
        CancellationToken cancellationToken)
    {
        var secret = SessionSecret.Create();
        var request = new AcquireContext(
            context,
            Name,
            secret.Hash,
            asking.Mode switch
            {
                { Kind: TakeOverKind.IfSilent } => AcquireMode.IfSilent,
                { Kind: TakeOverKind.Now } => AcquireMode.Force,
                _ => AcquireMode.IfFree,
            },
            asking.Mode?.Silence.TotalSeconds ?? 0,
            model,
            options.BlockTokens,
            asking.MayCreate,
            asking.TakesOwn);
        var (lease, started) = await AcquireAsync(request, waits: asking.Mode is not null, cancellationToken).ConfigureAwait(false);
        var state = new SessionState(new Epoch(lease.Epoch), new Watermarks(lease.DurableTokens, lease.DurableKv));
        var link = new SessionLink(_control, context, state, secret, lease.DataPlane, _options, _logger);
        try
        {
            return await RehydrateAsync(
                context, model, claim, lease, state, link, options, started, folder, null, cancellationToken)
                .ConfigureAwait(false);
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            await GiveBackAsync(new ReleaseContext(context, lease.Epoch, secret.Hash, "")).ConfigureAwait(false);
            throw;
        }
    }

    private SpoolResumer Resumer(string context) => new(_control, Name, context, _options, _logger);

    /// <summary>Nobody must wait for a session that never came to be.</summary>
    private async Task GiveBackAsync(ReleaseContext request)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), _options.TimeProvider);
            await _control.ReleaseAsync(Name, request, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SwarmRefusedException
            or SwarmTransportException)
        {
            Log.NotGivenBack(_logger, request.Context, exception.Message);
        }
    }

    private async Task<AgentMemory> RehydrateAsync(
        string context,
        ModelDescriptor model,
        RuntimeClaim? claim,
        ContextLease lease,
        SessionState state,
        SessionLink link,
        MemoryOptions options,
        long started,
        SpoolFolder? folder,
        ResumedSession? resumed,
        CancellationToken cancellationToken)
    {
        var failing = _options.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var session = await link.AttachAsync(cancellationToken).ConfigureAwait(false);
                var history = new InputHistory(
                    new PrefixHasher(new TenantKey(lease.TenantKey), model.ComputeFingerprint(), lease.BlockTokens));
                var driver = claim is null ? null : new RuntimeDriver(claim.Runtime, history);
                var states = new StateOutbox();
                var found = new Watermarks(lease.DurableTokens, lease.DurableKv);
                var reading = session.ReadStatesAsync(cancellationToken);
                var rehydrator = new Rehydrator(context, session, history, driver, _options.TimeProvider, _logger);
                var report = await new SiloWatch(link, options, _options.TimeProvider).WhileHereAsync(
                    session, token => rehydrator.RunAsync(found, options.Strategy, started, token, resumed?.Undurable), cancellationToken)
                    .ConfigureAwait(false);
                if (lease.Loss is { } loss)
                {
                    Log.InputsLost(_logger, context, report.Positions, loss);
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
                var numerics = NumericsHistory.Read(states.Find(NumericsCodec.StateName), history.Length);
                report = WithNumerics(report, context, claim?.Runtime, numerics);
                return new AgentMemory(
                    context, Name, fingerprint, _control, history, states, claim, driver, state, link, report, numerics, rehydrator.Damaged,
                    resumer.Finder, spooled, options, _options.TimeProvider, _logger);
            }
            catch (Exception exception) when (_control.MayRepeat(exception, failing))
            {
                Log.StreamingBroke(_logger, context, attempt + 1, exception.Message);
                await link.DropAsync().ConfigureAwait(false);
                await _control.DelayAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
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
            Log.BitsMayDiffer(_logger, context, runtime.Numerics.ToString(), string.Join(" | ", others));
        }

        return report with { Numerics = runtime.Numerics, OtherNumerics = others };
    }

    /// <summary>Acquires; the same secret makes repeats harmless. A take-over waits while another session holds the context.</summary>
    private async Task<(ContextLease Lease, long Started)> AcquireAsync(
        AcquireContext request, bool waits, CancellationToken cancellationToken)
    {
        var failing = _options.TimeProvider.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var started = _options.TimeProvider.GetTimestamp();
            TimeSpan retryAfter = default;
            try
            {
                return (await _control.AcquireAsync(request, cancellationToken).ConfigureAwait(false), started);
            }
            catch (ContextOwnedException owned) when (waits)
            {
                failing = _options.TimeProvider.GetTimestamp(); // An answer: only the holder is waited for.
                retryAfter = owned.Refusal.RetryAfter;
            }
            catch (Exception exception) when (_control.MayRepeat(exception, failing))
            {
                // Once more, with the same secret.
            }

            await _control.DelayAsync(attempt, cancellationToken, retryAfter).ConfigureAwait(false);
        }
    }

    /// <summary>What a session asks for.</summary>
    /// <param name="Mode">What is waited for; <see langword="null"/> to be refused at once by whoever holds the context.</param>
    /// <param name="MayCreate">Whether a context that does not exist is made.</param>
    /// <param name="TakesOwn">Whether a session of this agent is fenced at once.</param>
    private readonly record struct Asking(TakeOver? Mode, bool MayCreate, bool TakesOwn)
    {
        public static Asking ToOpen => new(null, MayCreate: true, TakesOwn: false);

        public static Asking ToTakeOver(TakeOver mode) => new(mode, MayCreate: false, TakesOwn: false);

        public static Asking ToOpenOrTakeOver(TakeOver mode) => new(mode, MayCreate: true, TakesOwn: true);
    }
}
