using Swarm.Client.Control;

namespace Swarm.Client.Hosting;

/// <summary>A client in a host's services: it connects when it is first used, and again where that failed.</summary>
/// <param name="connect">Connects.</param>
internal sealed class HostedSwarmClient(Func<CancellationToken, Task<SwarmClient>> connect) : ISwarmClient
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task<SwarmClient>? _connecting;
    private bool _isDisposed;

    /// <summary>The client, connected. Who waits shares one attempt; giving up waiting leaves it to the others.</summary>
    public async Task<SwarmClient> ConnectAsync(CancellationToken cancellationToken)
    {
        Task<SwarmClient> connecting;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(SwarmClient));
            if (_connecting is null or { IsCompleted: true, IsCompletedSuccessfully: false })
            {
                _connecting = Task.Run(() => connect(_stop.Token), _stop.Token).Observed();
            }

            connecting = _connecting;
        }

        return await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public ISwarmAgent Agent(string name) => new HostedAgent(this, Names.RequireAgent(name));

    public async Task<ContextInfo> GetStatusAsync(string context, CancellationToken cancellationToken = default) =>
        await (await ConnectAsync(cancellationToken).ConfigureAwait(false)).GetStatusAsync(context, cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<FleetAgent>> GetFleetAsync(CancellationToken cancellationToken = default) =>
        await (await ConnectAsync(cancellationToken).ConfigureAwait(false)).GetFleetAsync(cancellationToken).ConfigureAwait(false);

    public async Task<Forked> ForkAsync(string parent, string name, long? position = null, CancellationToken cancellationToken = default) =>
        await (await ConnectAsync(cancellationToken).ConfigureAwait(false)).ForkAsync(parent, name, position, cancellationToken)
            .ConfigureAwait(false);

    public async Task<bool> EraseAsync(string context, CancellationToken cancellationToken = default) =>
        await (await ConnectAsync(cancellationToken).ConfigureAwait(false)).EraseAsync(context, cancellationToken).ConfigureAwait(false);

    public async Task<IContextReader> OpenReaderAsync(string context, CancellationToken cancellationToken = default) =>
        await (await ConnectAsync(cancellationToken).ConfigureAwait(false)).OpenReaderAsync(context, cancellationToken).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        Task<SwarmClient>? connecting;
        lock (_lock)
        {
            (_isDisposed, connecting, _connecting) = (true, _connecting, null);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (connecting is null)
        {
            return;
        }

        await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting.IsCompletedSuccessfully)
        {
            await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>An agent of a client that connects when it is first used.</summary>
internal sealed class HostedAgent(HostedSwarmClient client, string name) : ISwarmAgent
{
    public string Name => name;

    public Task<IAgentMemory> OpenAsync(
        string context, IKvRuntime runtime, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.OpenAsync(context, runtime, options, cancellationToken), cancellationToken);

    public Task<IAgentMemory> OpenAsync(
        string context, ModelDescriptor model, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.OpenAsync(context, model, options, cancellationToken), cancellationToken);

    public Task<IAgentMemory> OpenWithPromptAsync(
        string context,
        IKvRuntime runtime,
        ReadOnlyMemory<int> prompt,
        MemoryOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.OpenWithPromptAsync(context, runtime, prompt, options, cancellationToken), cancellationToken);

    public Task<IAgentMemory> TakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.TakeOverAsync(context, runtime, mode, options, cancellationToken), cancellationToken);

    public Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, IKvRuntime runtime, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.OpenOrTakeOverAsync(context, runtime, mode, options, cancellationToken), cancellationToken);

    public Task<IAgentMemory> OpenOrTakeOverAsync(
        string context, ModelDescriptor model, TakeOver mode, MemoryOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.OpenOrTakeOverAsync(context, model, mode, options, cancellationToken), cancellationToken);

    public Task<IAgentStandby> StandByAsync(string context, IKvRuntime runtime, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.StandByAsync(context, runtime, cancellationToken), cancellationToken);

    public Task<IFleetMember> JoinAsync(AgentProfile profile, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.JoinAsync(profile, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<SpoolLeftover>> RecoverSpoolAsync(
        string context, string spoolPath, CancellationToken cancellationToken = default) =>
        RunAsync(agent => agent.RecoverSpoolAsync(context, spoolPath, cancellationToken), cancellationToken);

    private async Task<T> RunAsync<T>(Func<ISwarmAgent, Task<T>> call, CancellationToken cancellationToken) =>
        await call((await client.ConnectAsync(cancellationToken).ConfigureAwait(false)).Agent(name)).ConfigureAwait(false);
}
