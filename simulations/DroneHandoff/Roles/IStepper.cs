using DroneHandoff.Tokens;

namespace DroneHandoff.Roles;

/// <summary>Something that takes tokens step by step: a model alone, or one whose memory Swarm keeps.</summary>
internal interface IStepper
{
    /// <summary>Positions so far.</summary>
    long Length { get; }

    /// <summary>Logits behind the last position; valid until the next step.</summary>
    ReadOnlyMemory<float> Logits { get; }

    /// <summary>Takes one step.</summary>
    /// <param name="tokens">The tokens; not changed afterwards.</param>
    /// <param name="tracker">The tokenizer's state behind them, or <see langword="null"/> where it did not move.</param>
    /// <returns>A task that ends when the logits are there.</returns>
    ValueTask StepAsync(ReadOnlyMemory<int> tokens, TrackerState? tracker);
}
