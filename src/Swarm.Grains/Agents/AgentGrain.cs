using Swarm.Grains.Abstractions;

namespace Swarm.Grains.Agents;

/// <summary>Keeps the list of what its agent holds.</summary>
[GrainType("swarm-agent")]
internal sealed class AgentGrain : Grain, IAgentGrain
{
    private readonly SortedDictionary<string, ulong> _held = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public Task NoteHeldAsync(string context, ulong epoch)
    {
        _held[context] = Math.Max(epoch, _held.GetValueOrDefault(context));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task NoteOverAsync(string context, ulong epoch)
    {
        if (_held.TryGetValue(context, out var held) && held <= epoch)
        {
            _held.Remove(context);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HeldContext>> GetHeldAsync() => Task.FromResult<IReadOnlyList<HeldContext>>(
        [.. _held.Select(pair => new HeldContext(pair.Key, pair.Value))]);
}
