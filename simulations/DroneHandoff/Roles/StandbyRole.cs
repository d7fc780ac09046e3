using System.Diagnostics;
using DroneHandoff.Messages;
using DroneHandoff.Models;
using DroneHandoff.Telemetry;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>Drone B in the air: follows the predecessor's memory while that streams, and takes it over.</summary>
/// <param name="channel">The pipes.</param>
/// <param name="flight">The flight.</param>
/// <param name="model">The model.</param>
/// <param name="runtime">Its runtime, empty.</param>
internal sealed class StandbyRole(RoleChannel channel, IFlight flight, DroneModel model, IKvRuntime runtime)
{
    /// <summary>Does what it is told until it is told to finish.</summary>
    /// <returns>A task that ends with the role.</returns>
    public async Task RunAsync()
    {
        await using var swarm = await Ground.ConnectAsync(channel.Settings.Address);
        await WarmUpAsync(swarm, "warm-up");
        AgentStandby? standby = null;
        try
        {
            while (await channel.ReadAsync() is var command and not FinishCommand)
            {
                switch (command)
                {
                    case FollowCommand follow:
                        standby ??= await swarm.Agent(SuccessorRole.AgentName).StandByAsync(channel.Settings.Context, runtime);
                        channel.Emit(await FollowAsync(standby, follow));
                        break;

                    case ForkCommand fork:
                        channel.Emit(new ForkedEvent((await swarm.ForkAsync(channel.Settings.Context, fork.Name)).Position));
                        break;

                    case TakeOverCommand { Strategy: Strategies.Standby } takeOver when standby is not null:
                        channel.Emit(await TakeOverAsync(swarm, standby, takeOver));
                        break;

                    default:
                        throw new InvalidOperationException($"The standby does not know {command}, or not yet.");
                }
            }
        }
        finally
        {
            await (standby?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private Task WarmUpAsync(SwarmClient swarm, string name) =>
        GroundWarmUp.RunAsync(swarm, model, $"{channel.Settings.Context}/{name}/{Environment.ProcessId}");

    // Durable can be more than what was asked for, while the predecessor streams on.
    private static async Task<FollowedEvent> FollowAsync(AgentStandby standby, FollowCommand command)
    {
        while (true)
        {
            var changed = standby.Changed; // Before the status, so that no change slips between.
            var status = standby.Status;
            if (status.HasEnded)
            {
                throw new InvalidOperationException($"The standby follows no more: {status.Fault}");
            }

            if (status.IsConnected && status.Held.Tokens >= command.Tokens && status.Held.Kv >= command.Kv)
            {
                return new FollowedEvent(status.Held.Tokens, status.Held.Kv);
            }

            await changed;
        }
    }

    private async Task<TookOverEvent> TakeOverAsync(SwarmClient swarm, AgentStandby standby, TakeOverCommand command)
    {
        var (lag, status) = (standby.Lag, standby.Status);
        if (status.Reconnects > 0)
        {
            await WarmUpAsync(swarm, "warm-up-again"); // As the other successors do on the new silo.
        }

        // What was durable before anybody touched it, and is here; not on the clock.
        var before = await swarm.GetStatusAsync(channel.Settings.Context);
        await FollowAsync(standby, new FollowCommand(before.Durable.Tokens, before.Durable.Kv));

        var clock = Stopwatch.StartNew();
        await using var memory = await standby.TakeOverAsync(TakenOver.ModeOf(command));
        return await TakenOver.ContinueAsync(Strategies.Standby, flight, memory, before, clock) with
        {
            Followed = new FollowReport(
                lag.Positions, lag.KvPositions, lag.Time.TotalMilliseconds, status.Recomputed, status.Reconnects),
        };
    }
}
