using System.Diagnostics;

namespace Swarm.Storage;

/// <summary>Spans of this project: parts of a caller's trace, never traces of their own.</summary>
/// <remarks>
/// What nobody waits for, such as checkpoints, compaction and collection, has no span, and neither has the segment that is written for appends:
/// it is shared by all contexts. Of an epoch change, the segment is written at once, and is a part of the trace of whoever asked for it.
/// </remarks>
internal static class StorageTrace
{
    private static readonly ActivitySource _source = new(SwarmInstruments.Storage);

    /// <summary>Whether there is a caller who traces: one that still waits, since work in the background keeps the activity that began it.</summary>
    public static bool IsWanted => Activity.Current is { IsStopped: false } && _source.HasListeners();

    /// <summary>Begins a span, if a caller traces.</summary>
    /// <param name="name">Name of the span.</param>
    /// <param name="kind">Kind of the span.</param>
    /// <returns>The span, to be disposed; <see langword="null"/> where nobody traces.</returns>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => IsWanted ? _source.StartActivity(name, kind) : null;
}
