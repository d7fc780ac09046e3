using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Swarm.Core.Diagnostics;

namespace Swarm.Extensions.AI;

/// <summary>What chat clients measure. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class ChatMetrics : IDisposable
{
    private const string KindKey = "swarm.chat.token.kind";

    // Clients of one factory share its instruments: two gauges of one name would be one series with two values.
    private static readonly ConditionalWeakTable<IMeterFactory, ChatMetrics> _shared = [];

    private readonly ConcurrentDictionary<object, Func<long>> _clients = new();
    private readonly AreaMeter _meter;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cutOff;

    private ChatMetrics(IMeterFactory? factory)
    {
        _meter = new AreaMeter(SwarmInstruments.Chat, factory);
        _tokens = _meter.Counter("swarm.chat.tokens", "{token}", "Tokens of conversations, by what became of them.");
        _cutOff = _meter.Counter("swarm.chat.answers.cut_off", "{answer}", "Answers that were begun and did not become part of their conversation.");
        _meter.ObservedAmount("swarm.chat.conversations", "{conversation}", "Conversations that are open.", () => [new(_clients.Values.Sum(count => count()))]);
    }

    /// <summary>The instruments of a host's factory, which its clients share; of one client where there is none.</summary>
    public static ChatMetrics Of(IMeterFactory? factory) =>
        factory is null ? new ChatMetrics(null) : _shared.GetValue(factory, static factory => new ChatMetrics(factory));

    /// <summary>Adds a client to those that are looked at when metrics are collected.</summary>
    /// <param name="client">The client.</param>
    /// <param name="open">Tells its open conversations; called on any thread.</param>
    public void Add(object client, Func<long> open) => _clients[client] = open;

    /// <summary>Takes a client out. Harmless if repeated.</summary>
    public void Remove(object client) => _clients.TryRemove(client, out _);

    /// <summary>Counts the tokens of a message: those that were there, and those that were computed.</summary>
    public void Fed(long cached, long computed)
    {
        _tokens.Add(cached, new KeyValuePair<string, object?>(KindKey, "cached"));
        _tokens.Add(computed, new KeyValuePair<string, object?>(KindKey, "computed"));
    }

    /// <summary>Counts the tokens of an answer.</summary>
    /// <param name="tokens">How many.</param>
    /// <param name="isWhole">Whether it became part of its conversation.</param>
    public void Answered(long tokens, bool isWhole)
    {
        _tokens.Add(tokens, new KeyValuePair<string, object?>(KindKey, "generated"));
        _cutOff.Add(isWhole ? 0 : 1);
    }

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();
}
