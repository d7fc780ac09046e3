using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>A model alone: what an agent without Swarm does.</summary>
/// <param name="runtime">The model's runtime.</param>
internal sealed class RuntimeStepper(IKvRuntime runtime) : IStepper
{
    private readonly float[] _logits = new float[runtime.VocabularySize];

    /// <inheritdoc/>
    public long Length => runtime.Length;

    /// <inheritdoc/>
    public ReadOnlyMemory<float> Logits => _logits;

    /// <inheritdoc/>
    public ValueTask StepAsync(ReadOnlyMemory<int> tokens, TrackerState? tracker)
    {
        runtime.Forward(tokens.Span, _logits);
        return ValueTask.CompletedTask;
    }
}
