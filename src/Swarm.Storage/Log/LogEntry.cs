using Swarm.Format.Segments;

namespace Swarm.Storage.Log;

/// <summary>A record on its way into the log.</summary>
/// <param name="record">The record; a payload of its own has a default object and any offset.</param>
/// <param name="payload">Its payload, or empty. Not changed while it is held.</param>
/// <param name="apply">Runs on the loop once the record is durable, before <see cref="Durable"/> completes.</param>
/// <param name="isUrgent">Whether somebody waits for it: it does not wait for others to share its segment.</param>
/// <param name="hold">Keeps the payload's memory alive until no put can read it any more; taken over.</param>
internal sealed class LogEntry(
    LogRecord record,
    ReadOnlyMemory<byte> payload,
    Action<LogRecord> apply,
    bool isUrgent = false,
    IDisposable? hold = null)
{
    private readonly TaskCompletionSource<LogRecord> _durable =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The record as queued.</summary>
    public LogRecord Record { get; } = record;

    /// <summary>Its payload, or empty.</summary>
    public ReadOnlyMemory<byte> Payload { get; } = payload;

    /// <summary>Whether its segment is written without waiting.</summary>
    public bool IsUrgent { get; } = isUrgent;

    /// <summary>Whether it is the first of an incarnation: nothing in the log says yet that the root of that incarnation is in the store.</summary>
    public bool IsFirst { get; set; }

    /// <summary>Completes with the record as it lies in the log; fails as <em>unknown</em>, never as lost.</summary>
    public Task<LogRecord> Durable => _durable.Task;

    /// <summary>What it adds to a segment, in bytes, roughly.</summary>
    public int SizeBytes => Payload.Length + Record switch
    {
        TokensRecord tokens => 128 + (tokens.Tokens.Length * 5),
        StateRecord state => 128 + state.Content.Length,
        _ => 256,
    };

    /// <summary>Makes it durable, in log order.</summary>
    public void Acknowledge(LogRecord durable)
    {
        apply(durable);
        _durable.SetResult(durable);
    }

    /// <summary>Gives the payload's memory up: no put reads it any more.</summary>
    public void ReleasePayload() => hold?.Dispose();

    /// <summary>Ends it without an answer, if it has none yet.</summary>
    public void Fail(Exception reason)
    {
        _durable.TrySetException(reason);
        _ = _durable.Task.Exception; // Observed: the caller may have stopped waiting.
    }
}
