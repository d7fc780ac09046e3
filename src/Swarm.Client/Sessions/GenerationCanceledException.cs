namespace Swarm;

/// <summary>Generating was cancelled between two tokens. Those that were made are part of the context.</summary>
/// <param name="tokens">The tokens that were made and fed, in order.</param>
/// <param name="cancellationToken">What was cancelled.</param>
public sealed class GenerationCanceledException(IReadOnlyList<int> tokens, CancellationToken cancellationToken)
    : OperationCanceledException(
        $"Generating was cancelled after {tokens.Count} tokens, which are part of the context: see {nameof(Tokens)}, or rewind them.", cancellationToken)
{
    /// <summary>The tokens that were made and fed, in order; may be empty.</summary>
    public IReadOnlyList<int> Tokens { get; } = tokens;
}
