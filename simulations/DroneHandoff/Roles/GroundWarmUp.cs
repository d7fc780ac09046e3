using DroneHandoff.Models;
using Swarm;

namespace DroneHandoff.Roles;

/// <summary>Goes every way to the ground once, with a little context of its own, so that no timing holds a first time.</summary>
/// <remarks>
/// A drone on standby has done so. All successors do, whatever their strategy; what is compared is the work, not how long
/// .NET takes to compile it.
/// </remarks>
internal static class GroundWarmUp
{
    private const string AgentName = "warm-up";
    private const int StepTokens = 6;
    private const int Steps = 23;

    /// <summary>Positions that it takes of the model.</summary>
    public const int Positions = (Steps + 2) * StepTokens;

    /// <summary>Streams a little memory out, which a standby follows and takes over; then another one takes it over, and it is read.</summary>
    /// <param name="swarm">The connection.</param>
    /// <param name="model">The model.</param>
    /// <param name="context">Name of a context that nobody else uses.</param>
    /// <returns>A task that ends when everything was done once.</returns>
    public static async Task RunAsync(SwarmClient swarm, DroneModel model, string context)
    {
        var agent = swarm.Agent(AgentName);
        var predecessor = model.CreateRuntime(Positions);
        var follower = model.CreateRuntime(Positions);
        AgentStandby standby;
        await using (var memory = await agent.OpenAsync(context, predecessor))
        {
            standby = await agent.StandByAsync(context, follower);
            for (var step = 0; step < Steps; step++)
            {
                await memory.FeedAsync(new int[StepTokens]);
            }

            await memory.ReleaseAsync();
        }

        await using (standby)
        await using (var memory = await standby.TakeOverAsync(TakeOver.IfReleased))
        {
            await memory.FeedAsync(new int[StepTokens]);
            await memory.ReleaseAsync();
        }

        var successor = model.CreateRuntime(Positions);
        await using (var memory = await agent.TakeOverAsync(context, successor, TakeOver.IfReleased))
        {
            await memory.FeedAsync(new int[StepTokens]);
            await memory.ReleaseAsync();
        }

        await using var reader = await swarm.OpenReaderAsync(context);
        await foreach (var _ in reader.ReadInputsAsync(0, StepTokens))
        {
            // Reading is all that is wanted.
        }

        (predecessor as IDisposable)?.Dispose();
        (follower as IDisposable)?.Dispose();
        (successor as IDisposable)?.Dispose();
    }
}
