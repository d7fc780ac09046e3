using Swarm.Client;

namespace Swarm;

/// <content>How a session is measured and traced.</content>
public sealed partial class AgentMemory
{
    private long? _opening;

    /// <summary>Measures the time until the session's first logits.</summary>
    /// <param name="began">When the call that opened it began, as a timestamp of the clock.</param>
    internal void MeasureFirstToken(long began) => _opening = began;

    /// <summary>Notes that there are logits: of interest at the first time.</summary>
    private void NoteLogits()
    {
        if (_opening is { } began)
        {
            _opening = null;
            _control.Metrics.FirstToken(_timeProvider.GetElapsedTime(began));
        }
    }

    private async ValueTask TracedAsync(string name, Func<ValueTask> call, Action<TimeSpan, Exception?>? measured = null)
    {
        var started = _timeProvider.GetTimestamp();
        using var activity = ClientTrace.Start(name, Context);
        try
        {
            await call().ConfigureAwait(false);
            measured?.Invoke(_timeProvider.GetElapsedTime(started), null);
        }
        catch (Exception fault)
        {
            measured?.Invoke(_timeProvider.GetElapsedTime(started), fault);
            ClientTrace.Fail(activity, fault);
            throw;
        }
    }
}
