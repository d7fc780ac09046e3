using Xunit;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>
/// A store that is emptied, replaced or set back under the production code, in a seeded world: nothing is acknowledged into the void,
/// and nothing that is left is overwritten or collected.
/// </summary>
/// <remarks><c>SWARM_SEED</c>, <c>SWARM_SEEDS</c> and <c>SWARM_TRACE</c> as in <see cref="ContextStoreSimulationTests"/>.</remarks>
public sealed class StoreLossSimulationTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 500;
    private const int MaxFailures = 10;
    private static readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    [Fact]
    public void Store_EmptiedReplacedOrSetBack_IsNoticedBeforeAnythingIsAcknowledged()
    {
        var first = Seeds.Number("SWARM_SEED", 0);
        var count = Seeds.Number("SWARM_SEEDS", first == 0 ? DefaultSeeds : 1);
        var (acknowledged, noticed) = (0, 0);
        var failures = new SortedDictionary<int, string>();
        var gate = new Lock();
        Parallel.For(first, first + count, _parallel, (seed, loop) =>
        {
            (int Acknowledged, int Noticed) counts = default;
            var failure = Record.Exception(() => counts = StoreLossExploration.Run(seed, ProtocolRules.All));
            lock (gate)
            {
                (acknowledged, noticed) = (acknowledged + counts.Acknowledged, noticed + counts.Noticed);
                if (failure is not null)
                {
                    failures.Add(seed, $"seed {seed}: {failure.GetType().Name} {failure.Message}");
                    if (failures.Count == MaxFailures)
                    {
                        loop.Stop();
                    }
                }
            }
        });

        output.WriteLine($"seeds {first} to {first + count - 1}: {acknowledged} silos acknowledged, {noticed} noticed that the store was another one");
        Assert.True(failures.Count == 0, string.Join('\n', failures.Values));
        Assert.True(count < 50 || noticed > count / 2, $"only {noticed} silos noticed anything: the simulation is too kind");
    }
}
