using Microsoft.Extensions.Logging;
using Swarm.DataPlane.Client;

namespace Swarm.Client.Streaming;

/// <summary>Sends KV again that a rehydration found damaged in the store, and computed anew: the silo puts it in that place.</summary>
/// <param name="context">Context name, for logs.</param>
/// <param name="streamer">Whose repair it is.</param>
/// <param name="lane">Sends it.</param>
/// <param name="history">The inputs.</param>
/// <param name="damaged">What is damaged, as it was stored.</param>
/// <param name="changed">Called when less is left.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class KvRepair(
    string context,
    Streamer streamer,
    KvLane lane,
    InputHistory history,
    IReadOnlyList<(int First, int Count)> damaged,
    Action changed,
    ILogger logger)
{
    // More than compaction ever merges: what is larger was lost with its page, and may be put in place in any pieces.
    private const int MaxWholeBytes = 16 << 20;

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
            open = [.. _open];
        }

        foreach (var run in open)
        {
            var end = run.First + run.Count;
            if (end > Math.Min(history.Length, session.Durable.Kv))
            {
                Close(run); // Rewound away.
            }
            else if (lane.LengthOf(run.First, run.Count) > session.Limits.MaxRecordBytes)
            {
                ClientLog.KvNotRepaired(logger, context, run.First, run.Count, $"the silo takes at most {session.Limits.MaxRecordBytes} bytes at once");
                Close(run);
            }
            else
            {
                streamer.Track(
                    ForgiveAsync(await ExportAsync(session, run, cancellationToken).ConfigureAwait(false), run),
                    fault,
                    static () => { },
                    () => Close(run));
            }
        }
    }

    private async Task<Task<Watermarks>> ExportAsync(
        DataPlaneSession session, (int First, int Count) run, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = streamer.Work.Next;
            if (await lane.ExportAsync(session, run.First, run.First + run.Count, run.Count, cancellationToken).ConfigureAwait(false)
                is { } append)
            {
                return append;
            }

            await next.WaitAsync(cancellationToken).ConfigureAwait(false); // The last step is being run again.
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
            ClientLog.KvNotRepaired(logger, context, run.First, run.Count, refused.Message);
            return default;
        }
    }

    private void Close((int First, int Count) run)
    {
        lock (_lock)
        {
            _open.Remove(run);
        }

        changed();
    }

    private static IEnumerable<(int First, int Count)> Cut((int First, int Count) run, KvLane lane)
    {
        if (lane.LengthOf(run.First, run.Count) <= MaxWholeBytes)
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
