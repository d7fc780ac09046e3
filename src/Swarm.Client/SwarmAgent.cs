using Microsoft.Extensions.Logging;
using Swarm.Client.Control;
using Swarm.Client.Sessions;
using Swarm.Client.Spool;

namespace Swarm;

/// <summary>One agent by name: opens contexts and takes them over.</summary>
public sealed class SwarmAgent : ISwarmAgent
{
    private readonly ControlPlane _control;
    private readonly SessionStarter _sessions;
    private readonly SwarmClientOptions _options;

    internal SwarmAgent(string name, ControlPlane control, SwarmClientOptions options)
    {
        _options = options;
        Name = Names.RequireAgent(name);
        _control = control;
        _sessions = new SessionStarter(Name, control, options, options.LoggerFactory.CreateLogger<SwarmAgent>());
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
    /// A session holds the context; the message names its agent. Where that is this agent, as after a crash without a spool,
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
        return _sessions.StartAsync(context, runtime.Model, runtime, SessionWish.ToOpen, default, options, cancellationToken);
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
    /// <para>
    /// Contexts of one tenant and model share by themselves, without naming each other; nothing of another tenant is ever found.
    /// Where silos cannot look, all is computed, and the log says so.
    /// </para>
    /// <para>
    /// A step is shared as a whole or not at all, and the last token of the prompt is always fed. A prompt is fed in steps of
    /// <see cref="IKvRuntime.MaxStepTokens"/>, 512 for a runtime of <c>Swarm.Inference</c> unless it is made with another number: nothing of a prompt
    /// of 512 tokens or fewer is shared then, and of a longer one whole steps. Smaller steps share shorter beginnings, and compute a prompt
    /// more slowly: <c>model.CreateRuntime(maxPositions, maxStepTokens: 64)</c> in the agent that computes it first.
    /// </para>
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
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        options ??= new MemoryOptions();
        options.Validate();
        PrefixSharing.Check(prompt.Span, runtime);
        var memory = await _sessions.StartAsync(context, runtime.Model, runtime, SessionWish.ToOpen, prompt, options, cancellationToken).ConfigureAwait(false);
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
        return _sessions.StartAsync(context, model, null, SessionWish.ToOpen, default, options, cancellationToken);
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
    /// <exception cref="SwarmRefusedException">The context does not exist, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
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
        return _sessions.StartAsync(context, runtime.Model, runtime, SessionWish.ToTakeOver(mode), default, options, cancellationToken);
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
        return _sessions.StartAsync(context, runtime.Model, runtime, SessionWish.ToOpenOrTakeOver(mode), default, options, cancellationToken);
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
        return _sessions.StartAsync(context, model, null, SessionWish.ToOpenOrTakeOver(mode), default, options, cancellationToken);
    }

    /// <summary>
    /// Follows a context that another agent holds, or nobody: its inputs and KV come into a runtime as they become durable, so that a take-over
    /// has nothing left to load.
    /// </summary>
    /// <param name="context">Context name.</param>
    /// <param name="runtime">The model; it is emptied, and follows the context's memory. It is the standby's until that is disposed of, and the session's after a take-over.</param>
    /// <param name="cancellationToken">Stops waiting for the silo.</param>
    /// <returns>The standby, which follows from now on; <see cref="AgentStandby.WaitForCatchUpAsync"/> waits until it has all that is durable.</returns>
    /// <remarks>
    /// <para>
    /// The holder does nothing for a standby and never waits for one: the silo sends what it has in its memory. Each standby takes as much bandwidth
    /// as the context's KV grows by, and at first that of all its KV; a silo has at most <c>Swarm:DataPlane:MaxFollowers</c> of them. One that is too slow lags behind
    /// (<see cref="AgentStandby.Lag"/>), and what it lacks is loaded, or computed, when it takes over.
    /// </para>
    /// <para>An agent may follow several contexts, each with a runtime of its own; these may share one pool of blocks. A standby that finds the pool full waits for room.</para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The runtime is in use by a session of this process.</exception>
    /// <exception cref="WrongModelException">The context belongs to another model.</exception>
    /// <exception cref="SwarmRefusedException">The context does not exist, or the request was refused for another reason: see <see cref="SwarmRefusedException.Refusal"/>.</exception>
    /// <exception cref="ArgumentException">The name is not allowed, or the runtime too small for the context.</exception>
    /// <exception cref="SwarmTransportException">The silos or their data plane cannot be reached, or are of an earlier build.</exception>
    public async Task<AgentStandby> StandByAsync(string context, IKvRuntime runtime, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        return await AgentStandby.StartAsync(context, Name, runtime, _control, _sessions, _options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Joins the tenant's fleet: from then on this agent is offered contexts to follow, as their policies want standbys, and contexts whose holder
    /// has released them, fallen silent, or asks for a successor (<see cref="HandoffPolicy"/>).
    /// </summary>
    /// <param name="profile">What the agent can run, and how it is placed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The membership; dispose of it to leave.</returns>
    /// <exception cref="ArgumentException">A value of the profile is out of range.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public async Task<FleetMember> JoinAsync(AgentProfile profile, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return await FleetMember.JoinAsync(Name, profile, _control, _sessions, _options, cancellationToken).ConfigureAwait(false);
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
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        ArgumentException.ThrowIfNullOrWhiteSpace(spoolPath);
        using var folder = SpoolFolder.Open(spoolPath, _control.Credential.Tenant, Name, context);
        var resumer = _sessions.Resumer(context);
        var resumed = await resumer.TryResumeAsync(folder, new MemoryOptions(), cancellationToken).ConfigureAwait(false);
        if (resumed is not null)
        {
            await resumed.Link.DisposeAsync().ConfigureAwait(false);
        }

        return await resumer.FindLeftoversAsync(folder, resumed?.Directory, cancellationToken).ConfigureAwait(false);
    }

    async Task<IFleetMember> ISwarmAgent.JoinAsync(AgentProfile profile, CancellationToken cancellationToken) =>
        await JoinAsync(profile, cancellationToken).ConfigureAwait(false);

    async Task<IAgentStandby> ISwarmAgent.StandByAsync(string context, IKvRuntime runtime, CancellationToken cancellationToken) =>
        await StandByAsync(context, runtime, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options, CancellationToken cancellationToken) =>
        await OpenAsync(context, runtime, options, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.OpenAsync(
        string context, ModelDescriptor model, MemoryOptions? options, CancellationToken cancellationToken) =>
        await OpenAsync(context, model, options, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.OpenWithPromptAsync(
        string context, IKvRuntime runtime, ReadOnlyMemory<int> prompt, MemoryOptions? options, CancellationToken cancellationToken) =>
        await OpenWithPromptAsync(context, runtime, prompt, options, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.TakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options, CancellationToken cancellationToken) =>
        await TakeOverAsync(context, runtime, mode, options, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.OpenOrTakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options, CancellationToken cancellationToken) =>
        await OpenOrTakeOverAsync(context, runtime, mode, options, cancellationToken).ConfigureAwait(false);

    async Task<IAgentMemory> ISwarmAgent.OpenOrTakeOverAsync(
        string context, ModelDescriptor model, TakeOver mode, MemoryOptions? options, CancellationToken cancellationToken) =>
        await OpenOrTakeOverAsync(context, model, mode, options, cancellationToken).ConfigureAwait(false);
}
