using System.Diagnostics;
using Swarm.EndToEnd.Agent;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>The history by context, and what a running test asks of it.</summary>
/// <param name="tail">Reads the files.</param>
internal sealed class HistoryIndex(HistoryTail tail)
{
    private static readonly long Margin = 30 * Stopwatch.Frequency;
    private readonly Dictionary<string, List<HistoryEvent>> _contexts = [];
    private readonly HashSet<string> _ready = [];
    private readonly HashSet<string> _left = [];
    private int _taken;

    /// <summary>Reads what is new.</summary>
    public void Poll()
    {
        tail.Poll();
        for (; _taken < tail.Events.Count; _taken++)
        {
            var read = tail.Events[_taken];
            if (read.Kind == EventKind.Ready)
            {
                _ready.Add(read.Process);
            }
            else if (read.Kind == EventKind.Left)
            {
                _left.Add(read.Process);
            }
            else
            {
                Of(read.Context).Add(read);
            }
        }
    }

    /// <summary>Whether a process is connected.</summary>
    public bool IsReady(string process) => _ready.Contains(process);

    /// <summary>Whether all agents of a process have left the fleet.</summary>
    public bool HasLeft(string process) => _left.Contains(process);

    /// <summary>When something first happened to a context after a time, by one process or any.</summary>
    public long? FirstAfter(string context, EventKind kind, long time, string? process = null) => Since(context, time)
        .Where(item => item.Kind == kind && (process is null || item.Process == process))
        .Select(item => (long?)item.At)
        .Min();

    /// <summary>The data plane that a context's session was last attached to.</summary>
    public string AttachedTo(string context) =>
        Of(context).Where(item => item.Kind == EventKind.Attached).MaxBy(item => item.At)?.Text ?? "";

    /// <summary>The opening of the session of a fleet that holds a context, or was the last to hold it.</summary>
    public HistoryEvent? HolderOf(string context) => Of(context).Where(item => item.Kind == EventKind.Opened).MaxBy(item => item.Epoch);

    /// <summary>Whether an agent of a process follows a context as a standby that was warm.</summary>
    public bool Follows(string context, string process) => Of(context).LastOrDefault(
        item => (item.Process == process && item.Kind is EventKind.Following or EventKind.Unfollowed)
            || (item.Kind == EventKind.Opened && item.Process.StartsWith(process + "/", StringComparison.Ordinal)))?.Kind == EventKind.Following;

    /// <summary>The first event of a kind after a time, of a session other than one.</summary>
    public HistoryEvent? NextAfter(string context, EventKind kind, long time, string otherThan = "") =>
        Since(context, time).Where(item => item.Kind == kind && item.Process != otherThan).MinBy(item => item.At);

    /// <summary>When a context first acknowledged inputs that were fed after a time.</summary>
    public long? AcceptedAfter(string context, long time)
    {
        Dictionary<ulong, long> fed = [];
        foreach (var item in Since(context, time).OrderBy(item => item.At))
        {
            if (item.Kind == EventKind.Feeding)
            {
                fed.TryAdd(item.Epoch, item.Position);
            }
            else if (item.Kind == EventKind.Durable && fed.TryGetValue(item.Epoch, out var first) && item.Tokens > first)
            {
                return item.At;
            }
        }

        return null;
    }

    private List<HistoryEvent> Of(string context)
    {
        if (!_contexts.TryGetValue(context, out var events))
        {
            _contexts.Add(context, events = []);
        }

        return events;
    }

    // A context's events come in the order of time, but for those of a process whose file was read a moment later.
    private IEnumerable<HistoryEvent> Since(string context, long time)
    {
        var events = Of(context);
        for (var index = events.Count - 1; index >= 0 && events[index].At > time - Margin; index--)
        {
            if (events[index].At > time)
            {
                yield return events[index];
            }
        }
    }
}
