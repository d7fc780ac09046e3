using Orleans.Concurrency;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Agents;

/// <summary>Forwards to the contexts, and keeps the list of what its agent holds.</summary>
/// <remarks>Reentrant: while one context is being recovered, the agent can acquire and release others.</remarks>
[GrainType("swarm-agent")]
[Reentrant]
internal sealed class AgentGrain(IGrainFactory grains) : Grain, IAgentGrain
{
    private readonly SortedDictionary<string, ulong> _held = new(StringComparer.Ordinal);
    private string _tenant = "";
    private string _agent = "";

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        GrainKeys.TrySplit(this.GetPrimaryKeyString(), out _tenant, out _agent);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<AcquireAnswer> AcquireAsync(AcquireContext request, CancellationToken cancellationToken)
    {
        if (request.Agent != _agent)
        {
            return new AcquireAnswer(null, new Refusal(
                RefusalCode.Invalid, $"The request is of agent '{request.Agent}', the grain is that of '{_agent}'."));
        }

        if (FindContext(request.Context, out var fault) is not { } context)
        {
            return new AcquireAnswer(null, fault);
        }

        var answer = await context.AcquireAsync(request, cancellationToken);
        if (answer.Lease is { } lease)
        {
            _held[request.Context] = lease.Epoch;
        }

        return answer;
    }

    /// <inheritdoc/>
    public async Task<EpochAnswer> ReleaseAsync(ReleaseContext request, CancellationToken cancellationToken)
    {
        if (FindContext(request.Context, out var fault) is not { } context)
        {
            return new EpochAnswer(0, fault);
        }

        var answer = await context.ReleaseAsync(request, cancellationToken);
        var isOver = answer.Refusal is null or { Code: RefusalCode.StaleEpoch };
        if (isOver && _held.TryGetValue(request.Context, out var epoch) && epoch <= request.Epoch)
        {
            _held.Remove(request.Context);
        }

        return answer;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HeldContext>> GetHeldAsync() => Task.FromResult<IReadOnlyList<HeldContext>>(
        [.. _held.Select(pair => new HeldContext(pair.Key, pair.Value))]);

    private IContextGrain? FindContext(string context, out Refusal? fault)
    {
        try
        {
            fault = null;
            return grains.GetGrain<IContextGrain>(GrainKeys.Context(_tenant, context));
        }
        catch (ArgumentException exception)
        {
            fault = new Refusal(RefusalCode.Invalid, exception.Message);
            return null;
        }
    }
}
