using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Storage.Contexts;
using Swarm.Storage.Hosting;
using Swarm.Storage.Log;

namespace Swarm.Storage;

/// <content>Opens contexts, once for all who ask.</content>
public sealed partial class ContextStore
{
    private readonly Dictionary<ContextId, Task<OpenContext?>> _opening = [];

    private async Task<IOpenContext?> GetAsync(ContextId id)
    {
        if (_stopping.IsCancellationRequested)
        {
            throw Refusals.Busy("This silo is stopping. Ask for the context again: another one will open it.");
        }

        if (Find(id) is OpenContext here)
        {
            return here.Incarnation.IsEnding
                ? throw Refusals.Busy($"Context {id} is being closed here. Try again.")
                : here;
        }

        return await OpenOnceAsync(id);
    }

    /// <summary>Opens a context that is not open here; whoever asks meanwhile gets the same opening.</summary>
    /// <remarks>A second opening of one's own would fold a log that the first one goes on writing.</remarks>
    private async Task<OpenContext?> OpenOnceAsync(ContextId id)
    {
        if (!_opening.TryGetValue(id, out var opening))
        {
            opening = OpenHereAsync(id);
            if (!opening.IsCompleted)
            {
                _opening[id] = opening;
            }
        }

        return await opening;
    }

    private async Task<OpenContext?> OpenHereAsync(ContextId id)
    {
        var started = _services.Time.GetTimestamp();
        using var activity = StorageTrace.Start("swarm.context.open");
        try
        {
            if (await _opener.OpenAsync(id) is not { } incarnation)
            {
                return null;
            }

            var context = new OpenContext(
                incarnation, _services, () => CloseAsync(incarnation), () => IsCurrentAsync(incarnation));
            lock (_open)
            {
                _open[id] = context;
            }

            _metrics.OpenDuration.Record(_services.Time.GetElapsedTime(started).TotalSeconds);
            return context;
        }
        finally
        {
            _opening.Remove(id);
        }
    }

    private async Task<ReleaseOutcome> AnswerReleaseCoreAsync(Id128 writer, ContextId id)
    {
        if (_writers.Find(writer) is null && !(Find(id) is OpenContext { Incarnation.Writer: { IsDead: false } its } && its.Id == writer))
        {
            return ReleaseOutcome.Gone;
        }

        if (_opening.ContainsKey(id))
        {
            return ReleaseOutcome.Busy;
        }

        // Not open here although the root names this writer: the answer to an opening was lost. Open it, then close it.
        var context = Find(id) as OpenContext ?? await OpenOnceAsync(id);
        if (context is null || context.Incarnation.IsEnding)
        {
            return ReleaseOutcome.Busy;
        }

        await CloseAsync(context.Incarnation);
        return ReleaseOutcome.Released;
    }
}
