using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Swarm.Core.Diagnostics;

namespace Swarm.Client;

/// <summary>What clients measure. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class ClientMetrics : IDisposable
{
    private const string ErrorKey = "error.type";
    private const string KindKey = "swarm.open.kind";
    private const string SourceKey = "swarm.rehydration.source";

    // Clients of one factory share its instruments: two gauges of one name would be one series with two values.
    private static readonly ConditionalWeakTable<IMeterFactory, ClientMetrics> _shared = [];

    private readonly ConcurrentDictionary<object, (Func<long> Undurable, Func<long> SpoolBytes)> _sessions = new();
    private readonly ConcurrentDictionary<object, Func<long>> _standbys = new();
    private readonly AreaMeter _meter;
    private readonly Histogram<double> _openDuration;
    private readonly Histogram<double> _rehydrationDuration;
    private readonly Histogram<double> _firstTokenDuration;
    private readonly Histogram<double> _flushDuration;
    private readonly Counter<long> _positions;
    private readonly Counter<long> _discarded;
    private readonly Counter<long> _reread;
    private readonly Counter<long> _fences;
    private readonly Counter<long> _reconnects;

    private ClientMetrics(IMeterFactory? factory)
    {
        _meter = new AreaMeter(SwarmInstruments.Client, factory);
        _openDuration = _meter.Duration("swarm.client.open.duration", "From a call that opens or takes over a context until its session is ready, waiting for the holder included.");
        _rehydrationDuration = _meter.Duration("swarm.client.rehydration.duration", "From the request that acquired the context until the runtime has its memory.");
        _firstTokenDuration = _meter.Duration("swarm.client.first_token.duration", "From a call that opens or takes over a context until the session's first logits.");
        _flushDuration = _meter.Duration("swarm.client.flush.duration", "From the call of FlushAsync until all is durable.");
        _positions = _meter.Counter("swarm.client.rehydration.positions", "{position}", "Positions that sessions began with, by where their KV came from.");
        _discarded = _meter.Counter("swarm.client.rehydration.discarded", "{position}", "Positions whose stored KV was not used: damaged, missing or of other inputs.");
        _reread = _meter.Counter("swarm.client.rehydration.reread", "{position}", "Positions whose KV failed a check and was read again.");
        _fences = _meter.Counter("swarm.client.fences", "{session}", "Sessions that another one fenced.");
        _reconnects = _meter.Counter("swarm.client.stream.breaks", "{break}", "Times that streaming broke off and began again.");
        _meter.ObservedAmount("swarm.client.sessions", "{session}", "Sessions that are open.", () => [new(_sessions.Count)]);
        _meter.ObservedAmount("swarm.client.standbys", "{standby}", "Standbys that follow a context.", () => [new(_standbys.Count)]);
        _meter.ObservedAmount("swarm.client.standby.lag", "{position}", "Positions whose KV is durable and not yet held, of all standbys.", () => [new(_standbys.Values.Sum(lag => lag()))]);
        _meter.ObservedAmount("swarm.client.undurable", "{position}", "Inputs that are not durable, of all sessions.", () => [new(_sessions.Values.Sum(session => session.Undurable()))]);
        _meter.ObservedAmount("swarm.client.spool.usage", "By", "Bytes in the spools of all sessions.", () => [new(_sessions.Values.Sum(session => session.SpoolBytes()))]);
    }

    /// <summary>The instruments of a host's factory, which its clients share; of one client where there is none.</summary>
    /// <param name="factory">The host's meters; <see langword="null"/> for a meter of its own, which ends with what is returned.</param>
    public static ClientMetrics Of(IMeterFactory? factory) =>
        factory is null ? new ClientMetrics(null) : _shared.GetValue(factory, static factory => new ClientMetrics(factory));

    /// <summary>The value of <c>error.type</c> for a failure.</summary>
    public static string NameOf(Exception fault) => fault switch
    {
        SwarmRefusedException refused => refused.Refusal.Code.ToString(),
        SwarmTransportException => "transport",
        OperationCanceledException => "canceled",
        _ => fault.GetType().FullName!,
    };

    /// <summary>Adds a session to those that are looked at when metrics are collected.</summary>
    /// <param name="session">The session.</param>
    /// <param name="undurable">Tells its inputs that are not durable; called on any thread.</param>
    /// <param name="spoolBytes">Tells the bytes of its spool; called on any thread.</param>
    public void Add(object session, Func<long> undurable, Func<long> spoolBytes) => _sessions[session] = (undurable, spoolBytes);

    /// <summary>Takes a session out. Harmless if repeated.</summary>
    public void Remove(object session) => _sessions.TryRemove(session, out _);

    /// <summary>Adds a standby to those that are looked at when metrics are collected.</summary>
    /// <param name="standby">The standby.</param>
    /// <param name="lag">Tells its positions of KV that are durable and not held; called on any thread.</param>
    public void AddStandby(object standby, Func<long> lag) => _standbys[standby] = lag;

    /// <summary>Takes a standby out. Harmless if repeated.</summary>
    public void RemoveStandby(object standby) => _standbys.TryRemove(standby, out _);

    /// <summary>Notes a session that was opened, or failed to be.</summary>
    public void Opened(string kind, TimeSpan duration, Exception? fault) => Record(_openDuration, duration, new(KindKey, kind), fault);

    /// <summary>Notes how a session got its memory: positions whose KV was loaded, computed, not used and read again.</summary>
    public void Rehydrated(RehydrationStrategy strategy, TimeSpan elapsed, long loaded, long recomputed, long discarded, long reread)
    {
        _rehydrationDuration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("swarm.rehydration.strategy", NameOf(strategy)));
        _positions.Add(loaded, new KeyValuePair<string, object?>(SourceKey, "loaded"));
        _positions.Add(recomputed, new KeyValuePair<string, object?>(SourceKey, "recomputed"));
        _discarded.Add(discarded);
        _reread.Add(reread);
    }

    /// <summary>Notes a session's first logits.</summary>
    public void FirstToken(TimeSpan duration) => _firstTokenDuration.Record(duration.TotalSeconds);

    /// <summary>Notes a flush.</summary>
    public void Flushed(TimeSpan duration, Exception? fault) => Record(_flushDuration, duration, null, fault);

    /// <summary>Counts a session that was fenced.</summary>
    public void Fenced() => _fences.Add(1);

    /// <summary>Counts a break of streaming.</summary>
    public void Broke() => _reconnects.Add(1);

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();

    private static void Record(Histogram<double> histogram, TimeSpan duration, KeyValuePair<string, object?>? tag, Exception? fault)
    {
        var tags = default(TagList);
        if (tag is { } given)
        {
            tags.Add(given);
        }

        if (fault is not null)
        {
            tags.Add(ErrorKey, NameOf(fault));
        }

        histogram.Record(duration.TotalSeconds, tags);
    }

    private static string NameOf(RehydrationStrategy strategy) => strategy switch
    {
        RehydrationStrategy.LoadKv => "load_kv",
        RehydrationStrategy.Recompute => "recompute",
        RehydrationStrategy.Fastest => "fastest",
        _ => "unknown",
    };
}
