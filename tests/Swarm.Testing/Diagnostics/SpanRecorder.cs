using System.Collections.Concurrent;
using System.Diagnostics;

namespace Swarm.Testing.Diagnostics;

/// <summary>The spans of one trace, from its begin until this is disposed. Others that run meanwhile are not in it.</summary>
public sealed class SpanRecorder : IDisposable
{
    private const string Name = "Swarm.Testing";
    private readonly ActivitySource _source = new(Name);
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;
    private readonly Activity _root;

    /// <summary>Begins a trace; the caller's span is its root.</summary>
    public SpanRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Name || SwarmInstruments.Sources.Contains(source.Name),
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _root = _source.StartActivity("root")!;
    }

    /// <summary>Root of the trace.</summary>
    public Activity Root => _root;

    /// <summary>Its spans that have ended.</summary>
    public IReadOnlyList<Activity> Spans => [.. _spans.Where(span => span.TraceId == _root.TraceId)];

    /// <summary>All of a name.</summary>
    public IReadOnlyList<Activity> Find(string name) => [.. Spans.Where(span => span.OperationName == name)];

    /// <summary>Whether a span is below another one, at whatever depth.</summary>
    public bool IsBelow(Activity span, Activity ancestor)
    {
        var byId = Spans.ToDictionary(one => one.SpanId);
        for (var id = span.ParentSpanId; ; id = byId[id].ParentSpanId)
        {
            if (id == ancestor.SpanId)
            {
                return true;
            }

            if (!byId.ContainsKey(id))
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _listener.Dispose();
        _source.Dispose();
    }
}
