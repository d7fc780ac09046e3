using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;

namespace Swarm.Client.Streaming;

/// <summary>Sends inputs and states as they come, many small steps as one append.</summary>
/// <param name="streamer">Whose lane it is.</param>
/// <param name="history">The inputs.</param>
/// <param name="states">The states.</param>
/// <param name="options">Settings.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class InputLane(
    Streamer streamer, InputHistory history, StateOutbox states, MemoryOptions options, TimeProvider timeProvider)
{
    private const int MaxInFlight = 64;

    private int _sent;

    /// <summary>Positions whose inputs were sent in this run, or are durable: KV may follow up to here.</summary>
    public int Sent => Volatile.Read(ref _sent);

    public async Task RunAsync(DataPlaneSession session, TaskCompletionSource fault, CancellationToken cancellationToken)
    {
        var window = new SemaphoreSlim(MaxInFlight, MaxInFlight); // Answers may outlive the run: left to the collector.
        var cursor = (int)session.Durable.Tokens;
        Volatile.Write(ref _sent, cursor);
        while (true)
        {
            var next = streamer.Work.Next;
            await window.WaitAsync(cancellationToken).ConfigureAwait(false);
            var taken = states.TakeUnsent(history.Length);
            if (history.Length == cursor && taken.Count == 0)
            {
                window.Release();
                await next.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (!streamer.IsFlushing && options.InputFlushInterval > TimeSpan.Zero)
                {
                    await Task.Delay(options.InputFlushInterval, timeProvider, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            var run = history.Slice(cursor, FrameLimits.MaxAppendTokens);
            var end = cursor + run.Tokens.Length;

            // States that have seen more inputs than this append holds go with a later one.
            var fitting = taken.Where(item => item.State.Position <= end).ToArray();
            if (fitting.Length < taken.Count)
            {
                states.Rewind();
            }

            var append = await session.SendInputsAsync(run, [.. fitting.Select(item => item.State)], cancellationToken)
                .ConfigureAwait(false);
            streamer.Track(append, fault, () => window.Release(), () => states.Acknowledge(fitting));
            cursor = end;
            Volatile.Write(ref _sent, cursor);
            streamer.Work.Fire();
        }
    }
}
