using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Telemetry;
using DroneHandoff.Tokens;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>The reference: the predecessor's loop without Swarm, never interrupted.</summary>
/// <param name="channel">The pipes.</param>
/// <param name="flight">The flight.</param>
/// <param name="runtime">The model.</param>
internal sealed class TwinRole(RoleChannel channel, IFlight flight, IKvRuntime runtime)
{
    private readonly FlightFeeder _feeder = new(flight, new TelemetryTokenizer(TrackerState.Initial), 0);
    private readonly RuntimeStepper _stepper = new(runtime);

    /// <summary>Does what it is told until it is told to finish.</summary>
    /// <returns>A task that ends with the role.</returns>
    public async Task RunAsync()
    {
        while (await channel.ReadAsync() is var command and not FinishCommand)
        {
            switch (command)
            {
                case AdvanceCommand advance:
                    var stepMs = await StepTimer.AdvanceAsync(_feeder, _stepper, advance.Readings);
                    channel.Emit(new AdvancedEvent(
                        new ProgressEvent(_feeder.NextReading, _stepper.Length, 0, 0), stepMs));
                    break;

                case ContinueCommand:
                    var (result, _) = await Continuation.RunAsync(_feeder, _stepper, Stopwatch.StartNew());
                    channel.Emit(result);
                    break;

                default:
                    throw new InvalidOperationException($"The twin does not know {command}.");
            }
        }
    }
}
