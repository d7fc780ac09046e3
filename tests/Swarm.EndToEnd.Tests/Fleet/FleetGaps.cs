using System.Diagnostics;
using Swarm.EndToEnd.Agent;
using Swarm.EndToEnd.Tests.Chaos;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>How long contexts were without a holder.</summary>
internal sealed class FleetGaps
{
    /// <summary>All times from what was acknowledged last to the next holder's first logits.</summary>
    public Latencies All { get; } = new("from a holder's last acknowledgement to the next one's first logits");

    /// <summary>Those during which all silos were well, and a process with a warm standby.</summary>
    public Latencies Warm { get; } = new("the same, while all silos and a warm standby live");

    /// <summary>Finds them.</summary>
    /// <param name="events">All that was recorded.</param>
    /// <param name="broken">What was broken.</param>
    public static FleetGaps Of(IEnumerable<HistoryEvent> events, Breakages broken)
    {
        var gaps = new FleetGaps();
        foreach (var context in events.Where(item => item.Context.Length > 0).GroupBy(item => item.Context))
        {
            gaps.Add(context.OrderBy(item => item.At), broken);
        }

        return gaps;
    }

    public override string ToString() => $"{All}\n{Warm}";

    private void Add(IEnumerable<HistoryEvent> events, Breakages broken)
    {
        HashSet<(string Process, string Agent)> standbys = [];
        HistoryEvent? acknowledged = null;
        foreach (var item in events)
        {
            switch (item.Kind)
            {
                case EventKind.Following:
                    standbys.Add((item.Process, item.Text));
                    break;
                case EventKind.Unfollowed:
                    standbys.Remove((item.Process, item.Text.Split(':')[0]));
                    break;
                case EventKind.Durable:
                    acknowledged = item;
                    break;
                case EventKind.Opened:
                    if (acknowledged is { } last)
                    {
                        Add(last, item, standbys, broken);
                    }

                    var session = item.Process.Split('/');
                    standbys.Remove((session[0], session[1]));
                    acknowledged = item;
                    break;
            }
        }
    }

    private void Add(HistoryEvent last, HistoryEvent next, HashSet<(string Process, string Agent)> standbys, Breakages broken)
    {
        var gap = Stopwatch.GetElapsedTime(last.At, next.At);
        All.Add(gap);
        if (broken.AreSilosWell(last.At, next.At)
            && standbys.Any(standby => !last.Process.StartsWith(standby.Process + "/", StringComparison.Ordinal) && broken.IsWell(standby.Process, last.At, next.At)))
        {
            Warm.Add(gap);
        }
    }
}
