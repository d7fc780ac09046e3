using System.Diagnostics;

namespace Swarm.Client;

/// <summary>Spans of the client's calls. A step has none, and neither has an append.</summary>
internal static class ClientTrace
{
    private static readonly ActivitySource _source = new(SwarmInstruments.Client);

    /// <summary>Begins the span of a call.</summary>
    /// <param name="name">Name of the span.</param>
    /// <param name="context">Context name.</param>
    /// <returns>The span, to be disposed; <see langword="null"/> where nobody listens.</returns>
    public static Activity? Start(string name, string context) =>
        _source.HasListeners() ? _source.StartActivity(name, ActivityKind.Internal)?.SetTag("swarm.context", context) : null;

    /// <summary>Notes that the call failed.</summary>
    /// <param name="activity">Its span.</param>
    /// <param name="fault">Why.</param>
    public static void Fail(Activity? activity, Exception fault) =>
        activity?.SetTag("error.type", ClientMetrics.NameOf(fault)).SetStatus(ActivityStatusCode.Error, fault.Message);

    /// <summary>Leaves the trace of the call that began work which outlives it. Of an asynchronous method: until it ends.</summary>
    public static void Leave() => Activity.Current = null;
}
