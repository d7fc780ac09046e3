using System.Diagnostics;
using Swarm.EndToEnd.Agent;
using Swarm.EndToEnd.Tests.Chaos;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>How long contexts were without a holder.</summary>
internal sealed class FleetGaps
{
    private readonly Breakages _broken;

    private FleetGaps(Breakages broken) => _broken = broken;

    /// <summary>All times from what was acknowledged last to the next first logits, over all holders between that were lost too.</summary>
    public Latencies All { get; } = new("from a holder's last acknowledgement to the next first logits");

    /// <summary>Those during which all silos were well, and a process with a warm standby.</summary>
    public Latencies Warm { get; } = new("the same, while all silos and a warm standby live");

    /// <summary>
    /// All times from what was heard of the holder of one epoch last, or its grant, to the first logits of the next epoch; where its holder was
    /// lost before them, to its grant: the context had a holder, which was lost in its turn.
    /// </summary>
    public Latencies EachLoss { get; } = new("of each epoch: from its holder's last sign to the next holder");

    /// <summary>Those during which all silos were well, and a process with a warm standby.</summary>
    public Latencies EachLossWarm { get; } = new("the same, while all silos and a warm standby live");

    /// <summary>Finds them.</summary>
    /// <param name="events">All that was recorded.</param>
    /// <param name="granted">Grants, as silos logged them.</param>
    /// <param name="broken">What was broken.</param>
    public static FleetGaps Of(IEnumerable<HistoryEvent> events, IEnumerable<HistoryEvent> granted, Breakages broken)
    {
        var gaps = new FleetGaps(broken);
        foreach (var context in events.Concat(granted).Where(item => item.Context.Length > 0).GroupBy(item => item.Context))
        {
            HistoryEvent[] inOrder = [.. context.OrderBy(item => item.At)];
            gaps.AddSessions(inOrder);
            gaps.AddEpochs(inOrder);
        }

        return gaps;
    }

    public override string ToString() => $"{All}\n{Warm}\n{EachLoss}\n{EachLossWarm}";

    private void AddSessions(HistoryEvent[] events)
    {
        HistoryEvent? acknowledged = null;
        var standbys = new Standbys();
        foreach (var item in events)
        {
            standbys.Take(item);
            if (item.Kind is EventKind.Opened && acknowledged is { } last)
            {
                Add(All, Warm, last, item, standbys);
            }

            acknowledged = item.Kind is EventKind.Opened or EventKind.Durable ? item : acknowledged;
        }
    }

    private void AddEpochs(HistoryEvent[] events)
    {
        // The first logits of an epoch count if the next epoch was not granted before them. The silo's line of a grant can
        // be read after them.
        Dictionary<ulong, HistoryEvent> first = [];
        var highest = 0UL;
        foreach (var item in events.Where(item => item.Kind is EventKind.Granted or EventKind.Opened))
        {
            var isOfAnOpened = item.Kind is EventKind.Granted
                && first.GetValueOrDefault(item.Epoch)?.Kind is EventKind.Opened;
            if (item.Epoch >= highest && !isOfAnOpened)
            {
                first[item.Epoch] = item;
                highest = item.Epoch;
            }
        }

        HistoryEvent? last = null;
        var standbys = new Standbys();
        foreach (var item in events)
        {
            standbys.Take(item);
            if (first.GetValueOrDefault(item.Epoch) == item)
            {
                if (last is not null)
                {
                    Add(EachLoss, EachLossWarm, last, item, standbys);
                }

                last = item;
            }
            else if (item.Kind is EventKind.Durable && item.Epoch >= last?.Epoch)
            {
                // A rewind raises the epoch within a session.
                last = item;
            }
        }
    }

    private void Add(Latencies all, Latencies warm, HistoryEvent last, HistoryEvent next, Standbys standbys)
    {
        var gap = Stopwatch.GetElapsedTime(last.At, next.At);
        all.Add(gap);
        if (_broken.AreSilosWell(last.At, next.At)
            && standbys.Any(process => !Standbys.IsHolder(process, last) && _broken.IsWell(process, last.At, next.At)))
        {
            warm.Add(gap);
        }
    }

    /// <summary>Who follows a context, as a standby that is warm.</summary>
    private sealed class Standbys
    {
        private readonly HashSet<(string Process, string Agent)> _all = [];
        private (string Process, string Agent)? _tookOver; // It still counts at the event by which it takes over.

        /// <summary>Whether a process is that of a holder.</summary>
        public static bool IsHolder(string process, HistoryEvent holder) => holder.Process.StartsWith(process + "/", StringComparison.Ordinal);

        public bool Any(Func<string, bool> condition) => _all.Any(standby => condition(standby.Process));

        public void Take(HistoryEvent item)
        {
            if (_tookOver is { } standby)
            {
                _all.Remove(standby);
                _tookOver = null;
            }

            switch (item.Kind)
            {
                case EventKind.Following:
                    _all.Add((item.Process, item.Text));
                    break;
                case EventKind.Unfollowed:
                    _all.Remove((item.Process, item.Text.Split(':')[0]));
                    break;
                case EventKind.Opened:
                    var session = item.Process.Split('/');
                    _tookOver = (session[0], session[1]);
                    break;
            }
        }
    }
}
