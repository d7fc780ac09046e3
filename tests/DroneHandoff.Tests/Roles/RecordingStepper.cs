using DroneHandoff.Roles;
using DroneHandoff.Tokens;

namespace DroneHandoff.Tests.Roles;

/// <summary>Takes steps down, and answers with logits that depend on every token so far.</summary>
internal sealed class RecordingStepper : IStepper
{
    private readonly float[] _logits = new float[32];
    private uint _mixed = 17;

    public List<int[]> Steps { get; } = [];

    public List<TrackerState?> Trackers { get; } = [];

    public long Length => Steps.Sum(step => step.Length);

    public ReadOnlyMemory<float> Logits => _logits;

    public ValueTask StepAsync(ReadOnlyMemory<int> tokens, TrackerState? tracker)
    {
        Steps.Add(tokens.ToArray());
        Trackers.Add(tracker);
        foreach (var token in tokens.Span)
        {
            _mixed = (_mixed * 16_777_619) ^ (uint)token;
        }

        for (var i = 0; i < _logits.Length; i++)
        {
            _logits[i] = (_mixed >> i) & 0xFF;
        }

        return ValueTask.CompletedTask;
    }
}
