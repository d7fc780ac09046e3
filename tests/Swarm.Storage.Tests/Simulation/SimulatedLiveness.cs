using Swarm.Core.Identity;
using Swarm.Storage.Log;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>What silos know of each other: they ask politely, and are wrong now and then.</summary>
internal sealed class SimulatedLiveness(World world, Func<IEnumerable<SimulatedSilo>> others, double errors) : IWriterLiveness
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public async Task<ReleaseOutcome> AskToReleaseAsync(Id128 writer, ContextId context, CancellationToken cancellationToken)
    {
        foreach (var silo in others().Where(silo => !silo.Process.IsDead && world.Random.NextDouble() >= errors).ToArray())
        {
            try
            {
                var outcome = await silo.Store.AnswerReleaseAsync(writer, context).WaitAsync(Patience, world.Time, cancellationToken);
                if (outcome != ReleaseOutcome.Gone)
                {
                    return outcome;
                }
            }
            catch (TimeoutException)
            {
                return ReleaseOutcome.Busy; // Paused, or it waits for the store.
            }
            catch (SwarmRefusedException)
            {
                return ReleaseOutcome.Busy;
            }
        }

        return ReleaseOutcome.Gone;
    }
}
