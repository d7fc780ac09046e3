using Swarm.Core.Fleet;

namespace Swarm.Grains.Abstractions.Fleet;

/// <summary>Decides which agent of a fleet is offered which context, to follow or to take over. No side effects, no clock: the caller gives the time.</summary>
/// <remarks>
/// Contexts that need a holder come first, those that need one for longest before the others. Of the agents that may have one, those that follow it come
/// first, with the most KV; then those with the most room and the least to do. Each offer has a deadline, and what waits for answers is bounded, so that a
/// thousand contexts that lose their holders at once are handed over a few at a time. Not thread-safe.
/// </remarks>
internal sealed class FleetPlanner
{
    /// <summary>An agent that has not polled for so long has left.</summary>
    public static readonly TimeSpan MemberTimeout = TimeSpan.FromSeconds(2.5);

    /// <summary>Time for an answer to an offer to take over at once.</summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(0.7);

    /// <summary>Time in which an agent that has accepted takes over, and for an answer to an offer to follow.</summary>
    public static readonly TimeSpan TakeTime = TimeSpan.FromSeconds(2);

    /// <summary>Time to begin to follow; and in a planned handoff, to get ready, and to be given the context after that.</summary>
    public static readonly TimeSpan PreparationTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _afterLapse = TimeSpan.FromSeconds(1); // Before the same agent is asked again.
    private static readonly TimeSpan _afterDecline = TimeSpan.FromSeconds(10);
    private const int MaxOpenOffers = 64; // To take over; and as many to follow.
    private const int MaxOpenOffersOfAgent = 4;

    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Known> _contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, Offer> _offers = [];
    private readonly Dictionary<(string Context, string Agent), DateTimeOffset> _notBefore = [];

    /// <summary>Whether any agent has joined.</summary>
    public bool HasMembers => _members.Count > 0;

    /// <summary>Agents that have joined, in the order of their names.</summary>
    public IEnumerable<(string Agent, MemberReport Report, DateTimeOffset Heard)> Members =>
        _members.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.Report, pair.Value.Heard));

    /// <summary>Contexts that need a holder now.</summary>
    public int Needed => _contexts.Values.Count(context => context.Note.Need != HandoffNeed.None);

    /// <summary>Offers that wait for an answer, or for what was accepted.</summary>
    public int OpenOffers => _offers.Count;

    /// <summary>Notes what an agent tells of itself. What was offered to a membership before is void: its process is gone.</summary>
    public void Report(string agent, MemberReport report, DateTimeOffset now)
    {
        if (_members.TryGetValue(agent, out var before) && before.Report.Session != report.Session)
        {
            Leave(agent, before.Report.Session);
            before = null;
            foreach (var key in _notBefore.Keys.Where(key => key.Agent == agent).ToArray())
            {
                _notBefore.Remove(key); // It was the process before that did not answer.
            }
        }

        _members[agent] = new Member(before?.Report.Number > report.Number ? before.Report : report, now); // A later one has overtaken it.
    }

    /// <summary>An agent leaves; a membership that took its place stays.</summary>
    public void Leave(string agent, Guid session)
    {
        if (_members.TryGetValue(agent, out var member) && member.Report.Session == session)
        {
            _members.Remove(agent);
            Withdraw(offer => offer.Agent == agent);
        }
    }

    /// <summary>Notes a context. Offers to take it over in an earlier epoch are void.</summary>
    /// <param name="note">What its silo, or its holder, tells.</param>
    /// <param name="reason">Why it needs another holder, in words; empty for the need's own.</param>
    /// <param name="now">The time.</param>
    /// <param name="silo">The silo that has it open; none where its holder tells.</param>
    /// <returns>Whether it counts; otherwise the silo is behind, and has the context no more.</returns>
    public bool Note(ContextNote note, string reason, DateTimeOffset now, Guid silo = default)
    {
        _contexts.TryGetValue(note.Context, out var before);
        if (before is not null && before.Note.Epoch > note.Epoch)
        {
            return false;
        }

        var isSame = before?.Note.Epoch == note.Epoch;
        if (isSame && before!.Note.Need == HandoffNeed.Planned && note.Need == HandoffNeed.None && now < before.PlannedUntil)
        {
            note = note with { Need = HandoffNeed.Planned }; // The silo does not know of it: its holder is well.
            reason = before.Reason;
        }

        if (!isSame && ReadyFor(note.Context) is { } ready && ready == note.ReservedFor)
        {
            _notBefore[(note.Context, ready)] = now + TakeTime; // It waits for the context, and takes it now.
        }

        var isNews = !isSame || before!.Note.Need != note.Need;
        if (isNews && note.Need is (HandoffNeed.ConnectionLost or HandoffNeed.Silent) && _members.TryGetValue(note.Holder, out var lost) && !lost.IsSuspect)
        {
            _members[note.Holder] = lost with { IsSuspect = true };
        }

        var since = now - TimeSpan.FromSeconds(note.NeedSeconds);
        _contexts[note.Context] = new Known(
            note,
            isSame && before!.Note.Need == note.Need ? before.Since : since,
            reason.Length > 0 ? reason : Describe(note),
            note.Need == HandoffNeed.Planned && reason.Length > 0 ? now + PreparationTime : before?.PlannedUntil ?? default,
            silo != default ? silo : before?.Silo ?? default);
        Withdraw(offer => offer.Message.Context == note.Context && (offer.Message.IsStandby
            ? offer.Agent == note.Holder // A standby follows through epochs.
            : offer.Message.Epoch != note.Epoch || note.Need == HandoffNeed.None));
        return true;
    }

    /// <summary>A context is not open on a silo any more. If another one has told of it since, that counts.</summary>
    public void Forget(string context, Guid silo)
    {
        if (_contexts.TryGetValue(context, out var known) && known.Silo != silo)
        {
            return;
        }

        _contexts.Remove(context);
        Withdraw(offer => offer.Message.Context == context);
    }

    /// <summary>Notes an answer.</summary>
    /// <returns>Whether the offer stood still.</returns>
    public bool Answer(string agent, Guid id, bool isAccepted, DateTimeOffset now)
    {
        if (!_offers.TryGetValue(id, out var offer) || offer.Agent != agent || now > offer.Deadline)
        {
            return false;
        }

        if (!isAccepted)
        {
            End(offer, now + _afterDecline);
        }
        else if (offer.Message.IsStandby)
        {
            _offers[id] = offer with { IsAccepted = true, Deadline = now + PreparationTime }; // Its next report says that it follows.
        }
        else
        {
            _offers[id] = offer with { IsAccepted = true, Deadline = now + (offer.Message.Need == HandoffNeed.Planned ? PreparationTime : TakeTime) };
        }

        return true;
    }

    /// <summary>Who is ready to take a context over whose holder has asked for a successor.</summary>
    public string? ReadyFor(string context) => _offers.Values
        .FirstOrDefault(offer => offer is { IsAccepted: true, Message: { IsStandby: false, Need: HandoffNeed.Planned } } && offer.Message.Context == context)?.Agent;

    /// <summary>Lets what is overdue lapse, and makes the offers that are to be made.</summary>
    /// <returns>Offers to deliver.</returns>
    public IReadOnlyList<(string Agent, OfferMessage Offer)> Plan(DateTimeOffset now)
    {
        foreach (var (agent, member) in _members.ToArray())
        {
            if (now - member.Heard > MemberTimeout)
            {
                Leave(agent, member.Report.Session);
            }
        }

        foreach (var offer in _offers.Values.ToArray())
        {
            if (offer.Message.IsStandby && Follows(offer.Agent, offer.Message.Context) is not null)
            {
                _offers.Remove(offer.Message.Id); // Done.
            }
            else if (now > offer.Deadline)
            {
                End(offer, now + _afterLapse);
            }
        }

        foreach (var (key, until) in _notBefore.Where(pair => now >= pair.Value).ToArray())
        {
            _notBefore.Remove(key);
        }

        List<(string, OfferMessage)> made = [];
        OfferTakeOvers(made, now);
        OfferStandbys(made, now);
        return made;
    }

    private static string Describe(ContextNote note) => note.Need switch
    {
        HandoffNeed.Released => note.ReservedFor.Length > 0 ? $"released for '{note.ReservedFor}'" : "released",
        HandoffNeed.Silent => $"nothing was heard of '{note.Holder}' for {note.Policy.HolderSilence.TotalSeconds:0.###} s",
        HandoffNeed.ConnectionLost => $"the connection of '{note.Holder}' was lost",
        HandoffNeed.Planned => $"'{note.Holder}' asks for a successor",
        _ => "",
    };

    private void OfferTakeOvers(List<(string, OfferMessage)> made, DateTimeOffset now)
    {
        var open = _offers.Values.Count(offer => !offer.Message.IsStandby);
        if (open >= MaxOpenOffers || _members.Count == 0)
        {
            return;
        }

        var offered = _offers.Values.Where(offer => !offer.Message.IsStandby).Select(offer => offer.Message.Context).ToHashSet(StringComparer.Ordinal);
        foreach (var context in _contexts.Values.Where(context => IsWanted(context.Note) && !offered.Contains(context.Note.Context)).OrderBy(context => context.Since))
        {
            if (open >= MaxOpenOffers)
            {
                return;
            }

            if (Best(context.Note, isStandby: false, now) is { } agent)
            {
                open++;
                made.Add((agent, Make(agent, context, isStandby: false, now)));
            }
        }
    }

    private void OfferStandbys(List<(string, OfferMessage)> made, DateTimeOffset now)
    {
        var open = _offers.Values.Count(offer => offer.Message.IsStandby);
        if (open >= MaxOpenOffers || _members.Count == 0)
        {
            return;
        }

        var have = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var context in _members.SelectMany(member => member.Value.Report.Follows.Select(follow => follow.Context).Where(context => !Holds(member.Key, context)))
            .Concat(_offers.Values.Where(offer => offer.Message.IsStandby).Select(offer => offer.Message.Context)))
        {
            have[context] = have.GetValueOrDefault(context) + 1;
        }

        foreach (var context in _contexts.Values)
        {
            var note = context.Note;
            for (var missing = note.Policy.WarmStandbys - have.GetValueOrDefault(note.Context); missing > 0 && note.Holder.Length > 0; missing--)
            {
                if (open >= MaxOpenOffers || Best(note, isStandby: true, now) is not { } agent)
                {
                    break;
                }

                open++;
                made.Add((agent, Make(agent, context, isStandby: true, now)));
            }
        }
    }

    private OfferMessage Make(string agent, Known context, bool isStandby, DateTimeOffset now)
    {
        var note = context.Note;
        var time = isStandby ? TakeTime : note.Need == HandoffNeed.Planned ? PreparationTime : AnswerTime;
        var message = new OfferMessage(
            Guid.NewGuid(), isStandby, note.Context, note.Epoch, note.Holder, note.Model, note.Tokens,
            isStandby ? HandoffNeed.None : note.Need, isStandby ? "a standby is wanted" : context.Reason, time.TotalSeconds);
        _offers[message.Id] = new Offer(agent, message, now + time, IsAccepted: false);
        return message;
    }

    /// <summary>The agent that is to be asked.</summary>
    private string? Best(ContextNote note, bool isStandby, DateTimeOffset now)
    {
        string? best = null;
        (long Kv, long Behind, long Free, long Idle) score = default;
        foreach (var (agent, member) in _members)
        {
            if (!MayHave(agent, member, note, isStandby, now, out var follows))
            {
                continue;
            }

            (long Kv, long Behind, long Free, long Idle) its = (
                follows?.Kv ?? -1, -(follows?.Lag ?? 0), FreePositions(agent, member), -(member.Report.Holds + member.Report.Follows.Length + OpenOffersOf(agent)));
            if (best is null || its.CompareTo(score) > 0)
            {
                (best, score) = (agent, its);
            }
        }

        return best;
    }

    private bool MayHave(string agent, Member member, ContextNote note, bool isStandby, DateTimeOffset now, out FollowedContext? follows)
    {
        follows = Follows(agent, note.Context);
        if ((isStandby && follows is not null)
            || member.IsSuspect
            || (agent == note.Holder && note.Need != HandoffNeed.Released)
            || (note.ReservedFor.Length > 0 && note.ReservedFor != agent)
            || !member.Report.Models.Contains(note.Model)
            || !Labels.Satisfy(member.Report.Labels, note.Policy.RequiredLabels)
            || (follows is null && FreePositions(agent, member) < Math.Max(1, note.Tokens))
            || OpenOffersOf(agent) >= MaxOpenOffersOfAgent
            || (_notBefore.TryGetValue((note.Context, agent), out var until) && now < until))
        {
            return false;
        }

        return !_offers.Values.Any(offer => offer.Agent == agent && offer.Message.Context == note.Context);
    }

    private FollowedContext? Follows(string agent, string context) =>
        _members.TryGetValue(agent, out var member) ? Array.Find(member.Report.Follows, follow => follow.Context == context) : null;

    /// <summary>Room that is not promised to offers that are open.</summary>
    private long FreePositions(string agent, Member member) => member.Report.FreePositions - _offers.Values
        .Where(offer => offer.Agent == agent && Follows(agent, offer.Message.Context) is null)
        .Sum(offer => offer.Message.Positions);

    private bool IsWanted(ContextNote note) => note.Need != HandoffNeed.None
        && (note.Need != HandoffNeed.Released || note.WasHeld || _members.Keys.Any(agent => Follows(agent, note.Context) is not null));

    private bool Holds(string agent, string context) => _contexts.TryGetValue(context, out var known) && known.Note.Holder == agent;

    private int OpenOffersOf(string agent) => _offers.Values.Count(offer => offer.Agent == agent);

    private void End(Offer offer, DateTimeOffset notBefore)
    {
        _offers.Remove(offer.Message.Id);
        _notBefore[(offer.Message.Context, offer.Agent)] = notBefore;
    }

    private void Withdraw(Func<Offer, bool> isVoid)
    {
        foreach (var offer in _offers.Values.Where(isVoid).ToArray())
        {
            _offers.Remove(offer.Message.Id);
        }
    }

    /// <summary>An agent. It is suspect if a context has lost it as its holder since its last report: its process may be gone, and nothing is offered to it.</summary>
    private sealed record Member(MemberReport Report, DateTimeOffset Heard, bool IsSuspect = false);

    private sealed record Known(ContextNote Note, DateTimeOffset Since, string Reason, DateTimeOffset PlannedUntil, Guid Silo);

    private sealed record Offer(string Agent, OfferMessage Message, DateTimeOffset Deadline, bool IsAccepted);
}
