using Swarm.Client.Tests.Agent;
using Swarm.Testing.Models;

namespace Swarm.Client.Tests.Spool;

/// <summary>What an agent that was never disturbed would have in its model.</summary>
internal sealed class Twin
{
    private readonly ToyRuntime _runtime = new(maxPositions: 1 << 16);
    private readonly float[] _logits;

    public Twin() => _logits = new float[_runtime.VocabularySize];

    public long Length => _runtime.Length;

    /// <summary>Feeds the agent's steps up to a length.</summary>
    /// <returns>The logits behind it.</returns>
    public float[] FeedUntil(long length)
    {
        while (Length < length)
        {
            Feed(Steps.At(Length));
        }

        return _logits;
    }

    public float[] Feed(ReadOnlySpan<int> step)
    {
        _runtime.Forward(step, _logits);
        return _logits;
    }
}
