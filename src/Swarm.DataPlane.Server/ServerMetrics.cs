using System.Diagnostics.Metrics;
using Swarm.Core.Diagnostics;

namespace Swarm.DataPlane.Server;

/// <summary>What the silo's end of the data plane measures. <c>src/INSTRUMENTS.md</c> describes each instrument. Thread-safe.</summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly AreaMeter _meter;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _connectionsEnded;
    private int _sessions;
    private int _readers;
    private int _followers;

    /// <summary>Makes the instruments.</summary>
    /// <param name="factory">The host's meters; <see langword="null"/> for a meter of its own, which ends with this.</param>
    /// <param name="budget">The ingest budget of all connections.</param>
    /// <param name="connections">Tells how many connections there are.</param>
    public ServerMetrics(IMeterFactory? factory, IngestBudget budget, Func<int> connections)
    {
        _meter = new AreaMeter(SwarmInstruments.DataPlane, factory);
        _refused = _meter.Counter("swarm.data_plane.requests.refused", "{request}", "Requests that the data plane refused.");
        _connectionsEnded = _meter.Counter("swarm.data_plane.connections.ended", "{connection}", "Connections that the silo refused, or ended for what their peer did.");
        _meter.ObservedAmount("swarm.data_plane.connections", "{connection}", "Connections of the data plane.", () => [new(connections())]);
        _meter.ObservedAmount("swarm.data_plane.attachments", "{attachment}", "Attachments of sessions and of readers.", () =>
        [
            new(Volatile.Read(ref _sessions), new KeyValuePair<string, object?>("swarm.attachment.kind", "session")),
            new(Volatile.Read(ref _readers), new KeyValuePair<string, object?>("swarm.attachment.kind", "reader")),
        ]);
        _meter.ObservedAmount("swarm.data_plane.followers", "{follower}", "Followers of contexts: hot standbys, and whoever else reads along.", () => [new(Volatile.Read(ref _followers))]);
        _meter.ObservedAmount("swarm.data_plane.ingest.usage", "By", "Bytes of the ingest budget that are granted, or in flight.", () => [new(budget.TotalBytes - budget.Available)]);
        _meter.ObservedAmount("swarm.data_plane.ingest.limit", "By", "The ingest budget.", () => [new(budget.TotalBytes)]);
    }

    /// <summary>Counts a refused request.</summary>
    /// <param name="code">Why it was refused.</param>
    public void Refused(RefusalCode code) => _refused.Add(1, new KeyValuePair<string, object?>("swarm.refusal.code", code.ToString()));

    /// <summary>Counts a connection that was refused, or ended for what its peer did.</summary>
    /// <param name="reason">full, credential, protocol or deadline.</param>
    public void ConnectionEnded(string reason) => _connectionsEnded.Add(1, new KeyValuePair<string, object?>("swarm.reason", reason));

    /// <summary>Counts an attachment in, or out.</summary>
    /// <param name="isSession">Whether it is a session's.</param>
    /// <param name="change">1 or -1.</param>
    public void Attached(bool isSession, int change) => Interlocked.Add(ref isSession ? ref _sessions : ref _readers, change);

    /// <summary>Counts a follower in, or out.</summary>
    /// <param name="change">1 or -1.</param>
    /// <returns>How many there are then.</returns>
    public int Followed(int change) => Interlocked.Add(ref _followers, change);

    /// <summary>Ends the meter, if it is its own.</summary>
    public void Dispose() => _meter.Dispose();
}
