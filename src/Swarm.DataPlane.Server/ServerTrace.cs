using System.Diagnostics;

namespace Swarm.DataPlane.Server;

/// <summary>Spans of requests that carry a trace context.</summary>
internal static class ServerTrace
{
    private static readonly ActivitySource _source = new(SwarmInstruments.DataPlane);

    /// <summary>Begins the span of a request.</summary>
    /// <param name="request">attach, read or rewind.</param>
    /// <param name="caller">The caller's span; default where the request carried none.</param>
    /// <returns>The span, to be disposed; <see langword="null"/> where the request carried none, or nobody listens.</returns>
    public static Activity? Start(string request, ActivityContext caller) =>
        caller == default ? null : _source.StartActivity($"swarm.data_plane.{request}", ActivityKind.Server, caller);
}
