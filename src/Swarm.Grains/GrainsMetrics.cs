using System.Diagnostics.Metrics;
using Swarm.Core.Diagnostics;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains;

/// <summary>What the grains measure. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class GrainsMetrics : IDisposable
{
    private const string ModeKey = "swarm.acquire.mode";
    private const string ErrorKey = "error.type";

    private readonly AreaMeter _meter;
    private readonly Histogram<double> _acquireDuration;
    private readonly Counter<long> _takeOvers;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _lookups;
    private readonly Counter<long> _offers;
    private readonly Counter<long> _answers;

    /// <summary>Makes the instruments.</summary>
    /// <param name="factory">The host's meters; <see langword="null"/> for a meter of its own, which ends with this.</param>
    public GrainsMetrics(IMeterFactory? factory = null)
    {
        _meter = new AreaMeter(SwarmInstruments.Grains, factory);
        _acquireDuration = _meter.Duration("swarm.context.acquire.duration", "A request to acquire a context, in its grain.");
        _takeOvers = _meter.Counter("swarm.context.takeovers", "{takeover}", "Contexts acquired that a session held.");
        _refused = _meter.Counter("swarm.requests.refused", "{request}", "Requests that a grain refused.");
        _offers = _meter.Counter("swarm.fleet.offers", "{offer}", "Contexts offered to agents of a fleet, to follow or to take over.");
        _answers = _meter.Counter("swarm.fleet.answers", "{answer}", "Answers of agents to offers.");
        _lookups = _meter.Counter("swarm.prefix.lookups", "{lookup}", "Requests to share KV of a prompt, by what became of them.");
    }

    /// <summary>Notes a request to acquire a context.</summary>
    /// <param name="mode">How it was asked for.</param>
    /// <param name="refusal">Why it was refused; <see langword="null"/> where it was granted.</param>
    /// <param name="duration">How long it took.</param>
    public void Acquired(AcquireMode mode, RefusalCode? refusal, TimeSpan duration)
    {
        if (refusal is { } code)
        {
            _acquireDuration.Record(duration.TotalSeconds, new(ModeKey, NameOf(mode)), new(ErrorKey, code.ToString()));
        }
        else
        {
            _acquireDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>(ModeKey, NameOf(mode)));
        }
    }

    /// <summary>Counts a context that was acquired while a session held it.</summary>
    /// <param name="mode">How it was asked for.</param>
    public void TakenOver(AcquireMode mode) => _takeOvers.Add(1, new KeyValuePair<string, object?>(ModeKey, NameOf(mode)));

    /// <summary>Counts a refused request.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="code">Why it was refused.</param>
    public void Refused(string request, RefusalCode code) =>
        _refused.Add(1, new("swarm.request", request), new("swarm.refusal.code", code.ToString()));

    /// <summary>Counts a request to share KV.</summary>
    /// <param name="outcome">hit, miss or wrong.</param>
    public void LookedUp(string outcome) => _lookups.Add(1, new KeyValuePair<string, object?>("swarm.prefix.outcome", outcome));

    /// <summary>Counts an offer.</summary>
    /// <param name="kind">standby or takeover.</param>
    public void Offered(string kind) => _offers.Add(1, new KeyValuePair<string, object?>("swarm.offer.kind", kind));

    /// <summary>Counts an answer.</summary>
    /// <param name="answer">accepted, declined or late.</param>
    public void OfferAnswered(string answer) => _answers.Add(1, new KeyValuePair<string, object?>("swarm.offer.answer", answer));

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();

    private static string NameOf(AcquireMode mode) => mode switch
    {
        AcquireMode.IfFree => "if_free",
        AcquireMode.IfHolderTimedOut => "if_holder_timed_out",
        AcquireMode.Force => "force",
        _ => "unknown",
    };
}
