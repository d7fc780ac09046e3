using Swarm.Client.Rehydration;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.Core.Sessions;

namespace Swarm.Client.Sessions;

/// <summary>One session of an agent on a context: its memory, that streams out while the agent works.</summary>
public sealed class AgentMemory : IAsyncDisposable
{
    /// <summary>Context name.</summary>
    public string Context => throw new NotImplementedException();

    /// <summary>How this session got what the context remembers.</summary>
    public RehydrationReport Rehydration => throw new NotImplementedException();

    /// <summary>Positions fed, by this session and all before.</summary>
    public long Length => throw new NotImplementedException();

    /// <summary>What survives the loss of every process.</summary>
    public Watermarks Durable => throw new NotImplementedException();

    /// <summary>Epoch of the session; a rewind raises it.</summary>
    public Epoch Epoch => throw new NotImplementedException();

    /// <summary>Cancelled once another session holds the context: this one is over for good.</summary>
    public CancellationToken Fenced => throw new NotImplementedException();

    /// <summary>Logits behind the last position; empty as long as this session has computed none.</summary>
    public ReadOnlyMemory<float> Logits => throw new NotImplementedException();

    /// <summary>The latest state of each name, set by this session or found.</summary>
    public IReadOnlyDictionary<string, NamedState> States => throw new NotImplementedException();

    /// <summary>Feeds inputs: one step of the model, or several where they are longer than one.</summary>
    public ValueTask FeedAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Feeds inputs together with states that become durable with them.</summary>
    public ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens,
        IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states,
        CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Generates tokens; each is fed as a step of its own.</summary>
    public ValueTask<int[]> GenerateAsync(int maxTokens, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Sets a state as of the present length; it becomes durable with the next inputs, or soon by itself.</summary>
    public void SetState(string name, ReadOnlyMemory<byte> content) => throw new NotImplementedException();

    /// <summary>Waits until all inputs, states and KV are durable.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Forgets all positions from one on.</summary>
    public ValueTask RewindAsync(long length, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Makes everything durable and gives the context back, for a named successor or for anybody.</summary>
    /// <exception cref="StaleEpochException">The session does not hold the context any more.</exception>
    public ValueTask ReleaseAsync(string to = "", CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Drains what is not durable, for a bounded time, and ends the session. Does not release the context.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
