using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>A model whose memory streams to Swarm while it works.</summary>
/// <param name="memory">The session.</param>
internal sealed class MemoryStepper(AgentMemory memory) : IStepper
{
    /// <inheritdoc/>
    public long Length => memory.Length;

    /// <inheritdoc/>
    public ReadOnlyMemory<float> Logits => memory.Logits;

    /// <inheritdoc/>
    public ValueTask StepAsync(ReadOnlyMemory<int> tokens, TrackerState? tracker) => tracker is null
        ? memory.FeedAsync(tokens)
        : memory.FeedAsync(tokens, [(TrackerState.Name, tracker.ToArray())]);
}
