namespace Swarm;

/// <summary>One session of an agent on a context: its memory, that streams out while the agent works.</summary>
public interface IAgentMemory : IAsyncDisposable
{
    /// <inheritdoc cref="AgentMemory.Context"/>
    string Context { get; }

    /// <inheritdoc cref="AgentMemory.Rehydration"/>
    RehydrationReport Rehydration { get; }

    /// <inheritdoc cref="AgentMemory.Recovery"/>
    SpoolRecovery? Recovery { get; }

    /// <inheritdoc cref="AgentMemory.Leftovers"/>
    IReadOnlyList<SpoolLeftover> Leftovers { get; }

    /// <inheritdoc cref="AgentMemory.SpoolBytes"/>
    long SpoolBytes { get; }

    /// <inheritdoc cref="AgentMemory.Length"/>
    long Length { get; }

    /// <inheritdoc cref="AgentMemory.Durable"/>
    Watermarks Durable { get; }

    /// <inheritdoc cref="AgentMemory.Epoch"/>
    Epoch Epoch { get; }

    /// <inheritdoc cref="AgentMemory.Fenced"/>
    CancellationToken Fenced { get; }

    /// <inheritdoc cref="AgentMemory.Logits"/>
    ReadOnlyMemory<float> Logits { get; }

    /// <inheritdoc cref="AgentMemory.States"/>
    IReadOnlyDictionary<string, NamedState> States { get; }

    /// <inheritdoc cref="AgentMemory.HandoffPolicy"/>
    HandoffPolicy HandoffPolicy { get; }

    /// <inheritdoc cref="AgentMemory.SetHandoffPolicy(HandoffPolicy)"/>
    void SetHandoffPolicy(HandoffPolicy policy);

    /// <inheritdoc cref="AgentMemory.RequestHandoffAsync(string, CancellationToken)"/>
    Task<string> RequestHandoffAsync(string reason, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.FeedAsync(ReadOnlyMemory{int}, CancellationToken)"/>
    ValueTask FeedAsync(ReadOnlyMemory<int> tokens, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.FeedAsync(ReadOnlyMemory{int}, IReadOnlyList{ValueTuple{string, ReadOnlyMemory{byte}}}, CancellationToken)"/>
    ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens,
        IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states,
        CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.FeedAsync(SpoolLeftover, CancellationToken)"/>
    ValueTask FeedAsync(SpoolLeftover leftover, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.GenerateAsync(int, Sampler?, CancellationToken)"/>
    ValueTask<int[]> GenerateAsync(int maxTokens, Sampler? sampler = null, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.GenerateStreamAsync(GenerateOptions, CancellationToken)"/>
    IAsyncEnumerable<GeneratedToken> GenerateStreamAsync(GenerateOptions options, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.ComputeLogitsAsync(CancellationToken)"/>
    ValueTask<ReadOnlyMemory<float>> ComputeLogitsAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.GetTokens(long)"/>
    int[] GetTokens(long firstPosition = 0);

    /// <inheritdoc cref="AgentMemory.SetState(string, ReadOnlyMemory{byte})"/>
    void SetState(string name, ReadOnlyMemory<byte> content);

    /// <inheritdoc cref="AgentMemory.FlushAsync(CancellationToken)"/>
    ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.RewindAsync(long, CancellationToken)"/>
    ValueTask RewindAsync(long length, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.ReleaseAsync(string, CancellationToken)"/>
    ValueTask ReleaseAsync(string to = "", CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.GetLeftoverAsync(CancellationToken)"/>
    Task<SpoolLeftover?> GetLeftoverAsync(CancellationToken cancellationToken = default);

    /// <inheritdoc cref="AgentMemory.CloseAsync(CancellationToken)"/>
    ValueTask<SessionClose> CloseAsync(CancellationToken cancellationToken = default);
}
