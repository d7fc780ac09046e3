using System.Collections.Concurrent;
using Swarm.Storage.Tests.Contexts;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>
/// The production code under a seeded scheduler, clock and store: silos that crash, pause and take each other's contexts,
/// while logs rotate, KV is compacted and garbage collected. Promises 1 to 5, 8 and 9.
/// </summary>
/// <remarks>
/// <c>SWARM_SEED</c> and <c>SWARM_SEEDS</c> choose the seeds, <c>SWARM_LIMITS</c> what they may do (a failing seed prints how little it
/// needs), <c>SWARM_TRACE</c> prints what happens in simulated time. That each rule is needed is shown by <c>Swarm.Storage.Rules.Tests</c>.
/// </remarks>
public sealed class ContextStoreSimulationTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 10_000;
    private const int AloneSeeds = 30;
    private const int AloneWorkers = 6;
    private const int MaxFailures = 20;
    private static readonly ExplorationLimits _limits =
        ExplorationLimits.Parse(Environment.GetEnvironmentVariable("SWARM_LIMITS") ?? "");

    private static readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    [Fact]
    public void Store_UnderFaults_KeepsItsPromises()
    {
        var first = Seeds.Number("SWARM_SEED", 0);
        var count = Seeds.Number("SWARM_SEEDS", first == 0 ? DefaultSeeds : 1);
        var total = default(ExplorationCounts);
        var failures = new SortedDictionary<int, string>();
        var gate = new Lock();
        Parallel.For(first, first + count, _parallel, (seed, loop) =>
        {
            ExplorationCounts counts = default;
            var failure = Record.Exception(() => counts = Exploration.Run(seed, ProtocolRules.All, limits: _limits));
            var shrunk = failure is null ? "" : Shrunk(seed, ProtocolRules.All, failure);
            lock (gate)
            {
                total += counts;
                if (failure is not null)
                {
                    failures.Add(seed, $"seed {seed}: {shrunk}");
                    if (failures.Count == MaxFailures)
                    {
                        loop.Stop();
                    }
                }
            }
        });
        Assert.True(failures.Count == 0, string.Join('\n', failures.Values));
        output.WriteLine($"seeds {first} to {first + count - 1}: {total}");

        Assert.True(total.Acknowledged > count * 10, $"only {total}: the simulation does nothing");
        Assert.True(count < 50 || (total.Faults > count && total.Deleted > count && total.LossesTold > 0 && total.TakeOvers > 0), $"only {total}: the simulation is too kind");
    }

    /// <summary>Seeds that once failed, under the limits that they needed.</summary>
    [Theory]
    [InlineData(17889, "Silos=1,Agents=2,Operations=16,RepeatedEffects=0,Outages=0,Followers=0,HeldReads=0")] // Two forks at once under one name.
    [InlineData(500_036, "Contexts=1,Agents=3,Operations=11,Collections=0,Forks=0,LostRequests=0,LostAnswers=0,Throttling=0,Followers=0,HeldReads=0")] // What a lost page names was collected.
    [InlineData(4518, "Contexts=2,Operations=16,Crashes=0,Collections=0,Forks=0,LostRequests=0,Throttling=0,Outages=0,Followers=0,HeldReads=0")] // The index of the lost segment alone told of it.
    [InlineData(8406, "Contexts=2,Agents=1,Operations=2,Crashes=0,Forks=0,LostRequests=0,LostAnswers=0,LateEffects=0,RepeatedEffects=0,Throttling=0,Outages=0,Followers=0,HeldReads=0")] // A late root named a collected segment.
    public void Store_SeedThatOnceFailed_KeepsItsPromises(int seed, string limits) =>
        Exploration.Run(seed, ProtocolRules.All, limits: ExplorationLimits.Parse(limits));

    /// <summary>A silo alone with a store that never fails loses no log, whatever it does at once: nobody is there to take it.</summary>
    [Fact]
    public void Store_AloneAndWithoutFaults_NeverLosesItsLog()
    {
        var first = Seeds.Number("SWARM_SEED", 0);
        var failures = new ConcurrentDictionary<int, string>();
        Parallel.For(first, first + Seeds.Number("SWARM_SEEDS", first == 0 ? AloneSeeds : 1), _parallel, seed =>
        {
            var world = new World(seed);
            var silo = new SimulatedSilo(world, new SimulatedBlobStore(world, StoreFaults.None), 0, ProtocolRules.All);
            silo.Start();
            var lives = world.Start("agents").Run(async () =>
            {
                var end = world.Time.GetUtcNow() + TimeSpan.FromSeconds(20);
                return (await Task.WhenAll(Enumerable.Range(0, AloneWorkers).Select(worker =>
                    ContextLives.LiveAsync(silo.Store, worker, world.Random, 80, () => world.Time.GetUtcNow() > end)))).Sum();
            });
            if (Record.Exception(() => world.RunUntil(lives)) is { } failure)
            {
                failures[seed] = failure.ToString();
            }
            else if (silo.LostWriters > 0 || lives.Result < AloneWorkers)
            {
                failures[seed] = $"{silo.LostWriters} logs lost, {lives.Result} contexts";
            }
        });

        Assert.True(failures.IsEmpty, string.Join('\n', failures.OrderBy(item => item.Key).Take(MaxFailures)));
    }

    [Fact]
    public void Simulation_SameSeed_IsTheSameRun()
    {
        Assert.Equal(Exploration.Run(7, ProtocolRules.All), Exploration.Run(7, ProtocolRules.All));
    }

    private static bool Fails(int seed, ProtocolRules rules, ExplorationLimits limits) =>
        Record.Exception(() => Exploration.Run(seed, rules, limits: limits)) is not null;

    /// <summary>A failure, and the little that it needs: run that with SWARM_SEED, SWARM_LIMITS and SWARM_TRACE to see it.</summary>
    private static string Shrunk(int seed, ProtocolRules rules, Exception failure)
    {
        var limits = ExplorationLimits.Shrink(tighter => Fails(seed, rules, tighter), _limits);
        var last = Record.Exception(() => Exploration.Run(seed, rules, limits: limits)) ?? failure;
        return $"{failure.GetType().Name} {failure.Message} SWARM_LIMITS={limits} gives {last}";
    }
}
