using DroneHandoff.Messages;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>Drone A: senses, thinks, and streams its memory out while it does.</summary>
/// <param name="channel">The pipes.</param>
/// <param name="flight">The flight.</param>
/// <param name="runtime">The model.</param>
internal sealed class PredecessorRole(RoleChannel channel, IFlight flight, IKvRuntime runtime)
{
    /// <summary>Its agent name.</summary>
    public const string AgentName = "drone-a";

    private readonly FlightFeeder _feeder = new(flight, new TelemetryTokenizer(TrackerState.Initial), 0);

    /// <summary>Opens the context and does what it is told until it is told to finish, or dies.</summary>
    /// <returns>A task that ends with the role.</returns>
    public async Task RunAsync()
    {
        await using var swarm = await Ground.ConnectAsync(channel.Settings.Address);
        await using var memory = await swarm.Agent(AgentName).OpenAsync(channel.Settings.Context, runtime);
        var stepper = new MemoryStepper(memory);
        channel.Emit(new OpenedEvent(memory.Epoch.Value, Convert.ToHexString(memory.Secret.Bytes)));
        while (await channel.ReadAsync() is var command and not FinishCommand)
        {
            switch (command)
            {
                case AdvanceCommand advance:
                    var stepMs = await StepTimer.AdvanceAsync(_feeder, stepper, advance.Readings);
                    await memory.FlushAsync();
                    channel.Emit(new AdvancedEvent(Progress(memory), stepMs));
                    break;

                case StreamCommand:
                    await StreamAsync(memory, stepper);
                    break;

                case ReleaseCommand release:
                    await memory.FlushAsync();
                    var progress = Progress(memory);
                    await memory.ReleaseAsync(release.To);
                    channel.Emit(new ReleasedEvent(progress));
                    break;

                case AppendStaleCommand stale:
                    channel.Emit(await StaleSession.AppendAsync(swarm, channel.Settings, stale));
                    break;

                default:
                    throw new InvalidOperationException($"Drone A does not know {command}.");
            }
        }
    }

    // Until it is killed: no flush, no farewell. What it leaves must have room to go on, so near the model's end it waits for it.
    private async Task StreamAsync(AgentMemory memory, MemoryStepper stepper)
    {
        var room = runtime.MaxPositions - Continuation.MaxPositions - TokenVocabulary.ReadingTokens;
        while (stepper.Length <= room)
        {
            await _feeder.FeedNextAsync(stepper);
            channel.Emit(Progress(memory));
        }

        var command = await channel.ReadAsync();
        throw new InvalidOperationException(
            $"Drone A was to be killed within {runtime.MaxPositions} positions, and was told {command} instead.");
    }

    private ProgressEvent Progress(AgentMemory memory) =>
        new(_feeder.NextReading, memory.Length, memory.Durable.Tokens, memory.Durable.Kv);
}
