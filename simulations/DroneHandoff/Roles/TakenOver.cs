using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>What a successor that took a context over does, however it came to its KV.</summary>
internal static class TakenOver
{
    /// <summary>What is waited for.</summary>
    /// <param name="command">What the successor was told.</param>
    /// <returns>The mode of the take-over.</returns>
    public static TakeOver ModeOf(TakeOverCommand command) => command.SilenceSeconds > 0
        ? TakeOver.IfHolderTimedOut(TimeSpan.FromSeconds(command.SilenceSeconds))
        : TakeOver.IfReleased;

    /// <summary>Continues, and reports.</summary>
    /// <param name="strategy">How it came to its KV.</param>
    /// <param name="flight">The flight.</param>
    /// <param name="memory">The session.</param>
    /// <param name="before">What was durable before anybody touched it.</param>
    /// <param name="clock">Runs since the take-over began.</param>
    /// <returns>The report.</returns>
    public static async Task<TookOverEvent> ContinueAsync(
        string strategy, IFlight flight, AgentMemory memory, ContextInfo before, Stopwatch clock)
    {
        var tracker = TrackerState.Parse(memory.States[TrackerState.Name].Content.Span);
        var feeder = FlightFeeder.Resume(flight, tracker, memory.Length);
        var readings = feeder.NextReading;
        var (continued, firstToken) = await Continuation.RunAsync(feeder, new MemoryStepper(memory), clock);

        var report = memory.Rehydration;
        await Console.Error.WriteLineAsync($"{report}"); // Where its time went.
        return new TookOverEvent(
            strategy,
            report.Positions,
            readings,
            report.Loaded,
            report.Recomputed,
            report.Bytes,
            report.Tier.ToString().ToLowerInvariant(),
            firstToken.TotalMilliseconds,
            before.Durable.Tokens,
            before.Durable.Kv,
            memory.Epoch.Value,
            continued,
            string.Join(" | ", report.OtherNumerics))
        {
            Held = report.Held,
        };
    }
}
