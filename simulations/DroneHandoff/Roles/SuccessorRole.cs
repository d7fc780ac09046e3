using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Models;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>Drone B: takes the predecessor's place, in one of three ways.</summary>
/// <param name="channel">The pipes.</param>
/// <param name="flight">The flight.</param>
/// <param name="model">The model.</param>
/// <param name="runtime">Its runtime, empty.</param>
internal sealed class SuccessorRole(RoleChannel channel, IFlight flight, DroneModel model, IKvRuntime runtime)
{
    /// <summary>Its agent name.</summary>
    public const string AgentName = "drone-b";

    /// <summary>Does what it is told until it is told to finish.</summary>
    /// <returns>A task that ends with the role.</returns>
    public async Task RunAsync()
    {
        await using var swarm = await Ground.ConnectAsync(channel.Settings.Address);
        await GroundWarmUp.RunAsync(
            swarm, model, $"{channel.Settings.Context}/warm-up/{Environment.ProcessId}");
        while (await channel.ReadAsync() is var command and not FinishCommand)
        {
            switch (command)
            {
                case TakeOverCommand { Strategy: Strategies.Rehydrate } takeOver:
                    channel.Emit(await RehydrateAsync(swarm, takeOver));
                    break;

                case TakeOverCommand { Strategy: Strategies.RePrefill } takeOver:
                    channel.Emit(await RePrefillAsync(swarm, takeOver));
                    break;

                case TakeOverCommand { Strategy: Strategies.Cold } takeOver:
                    channel.Emit(await StartColdAsync(takeOver));
                    break;

                case AppendStaleCommand stale:
                    channel.Emit(await StaleSession.AppendAsync(swarm, channel.Settings, stale));
                    break;

                default:
                    throw new InvalidOperationException($"Drone B does not know {command}.");
            }
        }
    }

    private async Task<TookOverEvent> RehydrateAsync(SwarmClient swarm, TakeOverCommand command)
    {
        // What was durable before anybody touched it; not on the clock.
        var before = await swarm.GetStatusAsync(channel.Settings.Context);

        var clock = Stopwatch.StartNew();
        await using var memory = await swarm.Agent(AgentName).TakeOverAsync(channel.Settings.Context, runtime, TakenOver.ModeOf(command));
        return await TakenOver.ContinueAsync(command.Strategy, flight, memory, before, clock);
    }

    // Without owning anything: the fast way to compute the same memory again.
    private async Task<TookOverEvent> RePrefillAsync(SwarmClient swarm, TakeOverCommand command)
    {
        var clock = Stopwatch.StartNew();
        await using var reader = await swarm.OpenReaderAsync(channel.Settings.Context);
        var tokens = new List<int>();
        await foreach (var run in reader.ReadInputsAsync(0, command.Positions))
        {
            tokens.AddRange(run.Tokens.Span);
        }

        var logits = new float[runtime.VocabularySize];
        foreach (var chunk in tokens.Chunk(runtime.MaxStepTokens))
        {
            runtime.Forward(chunk, logits);
        }

        var feeder = FlightFeeder.Resume(flight, TrackerState.Initial, tokens.Count);
        var (continued, firstToken) = await Continuation.RunAsync(feeder, new RuntimeStepper(runtime), clock);
        RequireTokensOf(flight, tokens);
        return Measured(command, tokens.Count, tokens.Count, tokens.Count * (long)sizeof(int), firstToken, continued);
    }

    // The sensor is known here, so what the store kept can be held to it, token by token.
    private static void RequireTokensOf(IFlight flight, List<int> stored)
    {
        var tokenizer = new TelemetryTokenizer(TrackerState.Initial);
        var buffer = new int[TokenVocabulary.ReadingTokens];
        for (var position = 0; position < stored.Count;)
        {
            var count = tokenizer.Encode(flight.ReadingAt(tokenizer.State.Readings), buffer);
            foreach (var token in buffer.AsSpan(0, Math.Min(count, stored.Count - position)))
            {
                if (stored[position] != token)
                {
                    throw new InvalidDataException(
                        $"The store has token {stored[position]} at position {position}; the sensor said {token}.");
                }

                position++;
            }
        }
    }

    private async Task<TookOverEvent> StartColdAsync(TakeOverCommand command)
    {
        var clock = Stopwatch.StartNew();
        var feeder = new FlightFeeder(flight, new TelemetryTokenizer(TrackerState.Initial), command.Readings);
        var (continued, firstToken) = await Continuation.RunAsync(feeder, new RuntimeStepper(runtime), clock);
        return Measured(command, 0, 0, 0, firstToken, continued);
    }

    private static TookOverEvent Measured(
        TakeOverCommand command,
        long positions,
        long recomputed,
        long bytes,
        TimeSpan firstToken,
        ContinuedEvent continued) => new(
            command.Strategy,
            positions,
            command.Readings,
            Loaded: 0,
            recomputed,
            bytes,
            Tier: "none",
            firstToken.TotalMilliseconds,
            DurableTokens: 0,
            DurableKv: 0,
            Epoch: 0,
            continued);
}
