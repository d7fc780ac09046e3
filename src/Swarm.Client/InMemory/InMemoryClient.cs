using Swarm.Client.Sessions;
using Swarm.Grains.Abstractions;

namespace Swarm.Client.InMemory;

/// <summary>A client of a swarm in memory.</summary>
internal sealed class InMemoryClient(InMemoryStore store, string tenant) : ISwarmClient
{
    private volatile bool _isDisposed;

    public string Tenant => tenant;

    public ISwarmAgent Agent(string name) => new InMemoryAgent(this, Names.RequireAgent(name));

    public Task<ContextInfo> GetStatusAsync(string context, CancellationToken cancellationToken = default) =>
        RunAsync(store => store.Describe(store.Require(tenant, context)), cancellationToken);

    public Task<IReadOnlyList<FleetAgent>> GetFleetAsync(CancellationToken cancellationToken = default) =>
        RunAsync(store => store.FleetOf(tenant).Agents, cancellationToken);

    public Task<Forked> ForkAsync(string parent, string name, long? position = null, CancellationToken cancellationToken = default) =>
        RunAsync(store => store.Fork(tenant, parent, name, position), cancellationToken);

    public Task<bool> EraseAsync(string context, CancellationToken cancellationToken = default) =>
        RunAsync(store => store.Erase(tenant, context), cancellationToken);

    public Task<IContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default) =>
        RunAsync<IContextReader>(store => new InMemoryReader(store, store.Require(tenant, context)), cancellationToken);

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>The contexts, as long as the client is not disposed.</summary>
    public InMemoryStore Use()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(SwarmClient));
        return store;
    }

    private async Task<T> RunAsync<T>(Func<InMemoryStore, T> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // As a call over a network: it never completes before it returns.
        return call(Use());
    }
}

/// <summary>An agent of a swarm in memory.</summary>
internal sealed class InMemoryAgent(InMemoryClient client, string name) : ISwarmAgent
{
    public string Name => name;

    public Task<IAgentMemory> OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(context, Required(runtime).Model, runtime, SessionWish.ToOpen, default, options, cancellationToken);

    public Task<IAgentMemory> OpenAsync(
        string context, ModelDescriptor model, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(context, Required(model), null, SessionWish.ToOpen, default, options, cancellationToken);

    public async Task<IAgentMemory> OpenWithPromptAsync(
        string context,
        IKvRuntime runtime,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        Required(runtime);
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        PrefixSharing.Check(prompt.Span, runtime);
        var session = (InMemorySession)await StartAsync(context, runtime.Model, runtime, SessionWish.ToOpen, prompt, options, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await session.GoOnWithAsync(prompt, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.GiveUpAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task<IAgentMemory> TakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(context, Required(runtime).Model, runtime, SessionWish.ToTakeOver(mode), default, options, cancellationToken);

    public Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(context, Required(runtime).Model, runtime, SessionWish.ToOpenOrTakeOver(mode), default, options, cancellationToken);

    public Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, ModelDescriptor model, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(context, Required(model), null, SessionWish.ToOpenOrTakeOver(mode), default, options, cancellationToken);

    public async Task<IAgentStandby> StandByAsync(string context, IKvRuntime runtime, CancellationToken cancellationToken = default)
    {
        Required(runtime);
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        var store = client.Use();
        var claim = Streaming.RuntimeClaim.ForStandby(runtime, context, name);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            var found = store.Require(client.Tenant, context);
            RequireFit(found, runtime);
            return new InMemoryStandby(
                store,
                found,
                claim,
                (wish, options, token) => StartAsync(context, runtime.Model, wish, default, options, claim, token));
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    public async Task<IFleetMember> JoinAsync(AgentProfile profile, CancellationToken cancellationToken = default)
    {
        Required(profile).Validate();
        var store = client.Use();
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var fleet = store.FleetOf(client.Tenant);
        var member = new InMemoryMember(
            store,
            fleet,
            name,
            profile,
            StandByAsync,
            (context, runtime, wish, options, token) => StartAsync(context, runtime.Model, runtime, wish, default, options, token));
        fleet.Join(member);
        return member;
    }

    public Task<IReadOnlyList<SpoolLeftover>> RecoverSpoolAsync(
        string context, string spoolPath, CancellationToken cancellationToken = default)
    {
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        ArgumentException.ThrowIfNullOrWhiteSpace(spoolPath);
        return Task.FromResult<IReadOnlyList<SpoolLeftover>>([]);
    }

    private static T Required<T>(T argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return argument;
    }

    private static void RequireFit(InMemoryContext context, IKvRuntime runtime)
    {
        if (context.Model != runtime.Fingerprint)
        {
            throw new WrongModelException(new Refusal(
                RefusalCode.WrongModel,
                $"Context '{context.Name}' belongs to model {context.Model}, the runtime's is {runtime.Fingerprint}: use that model."));
        }

        if (context.Durable.Tokens > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"Context '{context.Name}' has {context.Durable.Tokens} positions; the runtime holds {runtime.MaxPositions}. "
                + "Give the model a larger cache, or rewind the context.");
        }
    }

    private async Task<IAgentMemory> StartAsync(
        string context,
        ModelDescriptor model,
        IKvRuntime? runtime,
        SessionWish wish,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options,
        CancellationToken cancellationToken)
    {
        var claim = runtime is null ? null : Streaming.RuntimeClaim.ForSession(runtime, context, name);
        try
        {
            return await StartAsync(context, model, wish, prompt, options, claim, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
    }

    /// <summary>Starts a session with a runtime that is the caller's if this fails.</summary>
    private async Task<IAgentMemory> StartAsync(
        string context,
        ModelDescriptor model,
        SessionWish wish,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options,
        Streaming.RuntimeClaim? claim,
        CancellationToken cancellationToken)
    {
        NameArguments.Check(Names.RequireContext, context, nameof(context));
        options ??= new MemoryOptions();
        options.Validate();
        var store = client.Use();
        var fingerprint = model.ComputeFingerprint();
        var request = wish.ToRequest(context, name, default, model, options.BlockTokens); // No silo: no secret.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        store.ShareBeginning(client.Tenant, context, fingerprint, options.BlockTokens, prompt.Span);
        var (acquired, session) = await AcquireAsync(store, client.Tenant, request, waits: wish.Mode is not null, cancellationToken).ConfigureAwait(false);
        return await InMemorySession.StartAsync(store, acquired, session, claim, store.FleetOf(client.Tenant), options, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<(InMemoryContext Context, Streaming.SessionState Session)> AcquireAsync(
        InMemoryStore store, string tenant, AcquireContext request, bool waits, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var changed = store.Changed.Next;
            try
            {
                return store.Acquire(tenant, request);
            }
            catch (ContextOwnedException owned) when (waits)
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var retryAfter = owned.Refusal.RetryAfter;
                var longest = TimeSpan.FromDays(1); // Timers have a limit; it is asked again in any case.
                var pause = Task.Delay(
                    retryAfter <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : retryAfter < longest ? retryAfter : longest,
                    store.TimeProvider,
                    stop.Token);
                await Task.WhenAny(changed, pause).ConfigureAwait(false);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
