using Microsoft.Extensions.Logging;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.DataPlane.Client;
using Swarm.Format.Frames;

namespace Swarm.Client.Streaming;

/// <summary>Sends KV again that a rehydration found damaged in the store, and computed anew: the silo puts it in that place.</summary>
/// <param name="context">Context name, for logs.</param>
/// <param name="streamer">Whose repair it is.</param>
/// <param name="lane">Sends it.</param>
/// <param name="history">The inputs.</param>
/// <param name="damaged">What is damaged, as it was stored.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class KvRepair(
    string context,
    Streamer streamer,
    KvLane lane,
    InputHistory history,
    IReadOnlyList<(int First, int Count)> damaged,
    ILogger logger)
{
    private readonly List<(int First, int Count)> _open = [.. damaged.SelectMany(run => Cut(run, lane))];
    private readonly Lock _lock = new();

    /// <summary>Whether all of it is durable, refused, or rewound away.</summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _open.Count == 0;
            }
        }
    }

    /// <summary>Sends what is not durable yet.</summary>
    public async Task SendAsync(DataPlaneSession session, TaskCompletionSource fault, CancellationToken cancellationToken)
    {
        (int First, int Count)[] open;
        lock (_lock)
        {
            _open.RemoveAll(run => run.First + run.Count > Math.Min(history.Length, session.Durable.Kv));
            open = [.. _open];
        }

        foreach (var run in open)
        {
            if (await lane.ExportAsync(session, run.First, run.First + run.Count, run.Count, cancellationToken).ConfigureAwait(false)
                is { } append)
            {
                streamer.Track(ForgiveAsync(append, run), fault, static () => { }, () => Close(run));
            }
        }
    }

    /// <summary>A repair that is refused must not end a session: the damaged copy stays.</summary>
    private async Task<Watermarks> ForgiveAsync(Task<Watermarks> append, (int First, int Count) run)
    {
        try
        {
            return await append.ConfigureAwait(false);
        }
        catch (SwarmRefusedException refused) when (!refused.IsTransient && refused is not StaleEpochException)
        {
            Log.KvNotRepaired(logger, context, run.First, run.Count, refused.Message);
            return default;
        }
    }

    private void Close((int First, int Count) run)
    {
        lock (_lock)
        {
            _open.Remove(run);
        }
    }

    // What is lost with a page of extents may be more than a record holds.
    private static IEnumerable<(int First, int Count)> Cut((int First, int Count) run, KvLane lane)
    {
        if (lane.LengthOf(run.First, run.Count) <= KvPayload.MaxBytes)
        {
            yield return run;
            yield break;
        }

        for (var done = 0; done < run.Count; done += lane.MaxPositions)
        {
            yield return (run.First + done, Math.Min(lane.MaxPositions, run.Count - done));
        }
    }
}
