using System.Collections.Concurrent;
using System.Globalization;
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
/// needs), <c>SWARM_RULES</c> the rules to take away (by name, with commas between), <c>SWARM_TRACE</c> prints what happens in
/// simulated time.
/// </remarks>
public sealed class ContextStoreSimulationTests(ITestOutputHelper output)
{
    private const int DefaultSeeds = 10_000;
    private const int AloneSeeds = 30;
    private const int AloneWorkers = 6;
    private const int MaxFailures = 20;
    private const int PlantedSeeds = 10_000;
    private static readonly ExplorationLimits _limits =
        ExplorationLimits.Parse(Environment.GetEnvironmentVariable("SWARM_LIMITS") ?? "");

    private static readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    [Fact]
    public void Store_UnderFaults_KeepsItsPromises()
    {
        var first = Number("SWARM_SEED", 0);
        var count = Number("SWARM_SEEDS", first == 0 ? DefaultSeeds : 1);
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
        Assert.True(count < 50 || (total.Faults > count && total.Deleted > count && total.LossesTold > 0), $"only {total}: the simulation is too kind");
    }

    /// <summary>Seeds that once failed, under the limits that they needed.</summary>
    [Theory]
    [InlineData(17889, "Silos=1,Agents=2,Operations=16,RepeatedEffects=0,Outages=0")] // Two forks at once under one name.
    [InlineData(500_036, "Contexts=1,Agents=3,Operations=11,Collections=0,Forks=0,LostRequests=0,LostAnswers=0,Throttling=0")] // What a lost page names was collected.
    [InlineData(4518, "Contexts=2,Operations=16,Crashes=0,Collections=0,Forks=0,LostRequests=0,Throttling=0,Outages=0")] // The index of the lost segment alone told of it.
    [InlineData(8406, "Contexts=2,Agents=1,Operations=2,Crashes=0,Forks=0,LostRequests=0,LostAnswers=0,LateEffects=0,RepeatedEffects=0,Throttling=0,Outages=0")] // A late root named a collected segment.
    public void Store_SeedThatOnceFailed_KeepsItsPromises(int seed, string limits) =>
        Exploration.Run(seed, ProtocolRules.All, limits: ExplorationLimits.Parse(limits));

    /// <summary>A silo alone with a store that never fails loses no log, whatever it does at once: nobody is there to take it.</summary>
    [Fact]
    public void Store_AloneAndWithoutFaults_NeverLosesItsLog()
    {
        var first = Number("SWARM_SEED", 0);
        var failures = new ConcurrentDictionary<int, string>();
        Parallel.For(first, first + Number("SWARM_SEEDS", first == 0 ? AloneSeeds : 1), _parallel, seed =>
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

    /// <summary>A failing seed says how little it needs to fail, and that fails in the same way when it is run again.</summary>
    [Fact]
    public void Exploration_FailingSeed_ShrinksAndReplays()
    {
        var rules = new ProtocolRules { Seals = false };
        var seed = Enumerable.Range(Number("SWARM_SEED", 0), PlantedSeeds).First(seed => Fails(seed, rules, ExplorationLimits.None));

        var limits = ExplorationLimits.Shrink(tighter => Fails(seed, rules, tighter), ExplorationLimits.None);
        output.WriteLine($"seed {seed}: {limits}");

        Assert.NotEqual(ExplorationLimits.None, limits);
        var replayed = ExplorationLimits.Parse(limits.ToString());
        Assert.Equal(limits, replayed);
        var first = Record.Exception(() => Exploration.Run(seed, rules, limits: replayed));
        var second = Record.Exception(() => Exploration.Run(seed, rules, limits: replayed));
        Assert.NotNull(first);
        Assert.Equal(first.Message, second?.Message);
    }

    [Fact]
    public void Simulation_SameSeed_IsTheSameRun()
    {
        Assert.Equal(Exploration.Run(7, ProtocolRules.All), Exploration.Run(7, ProtocolRules.All));
    }

    /// <summary>
    /// Each rule taken away alone breaks a promise, and the exploration sees it; but for that a root is read again after its tail, which
    /// takes 10,000 to 40,000 seeds: <see cref="ReaderTests"/> has it.
    /// </summary>
    [Theory]
    [MemberData(nameof(Rules))]
    public void Exploration_RuleTakenAway_FindsIt(string rule)
    {
        var rules = rule == CoarseETags ? ProtocolRules.All : Without(rule);
        var first = Number("SWARM_SEED", 0);
        var (found, tried) = ("", 0);
        void Try(int seed, Action stop)
        {
            Interlocked.Increment(ref tried);
            if (Record.Exception(() => Exploration.Run(seed, rules, rule == CoarseETags)) is { } violation)
            {
                Interlocked.CompareExchange(ref found, $"{rule}, seed {seed}: {violation.Message}", "");
                stop();
            }
        }

        if (_lastFoundAt.TryGetValue(rule, out var hint))
        {
            Try(hint, static () => { });
        }

        if (found.Length == 0)
        {
            Parallel.For(first, first + PlantedSeeds, _parallel, (seed, loop) => Try(seed, loop.Stop));
        }

        output.WriteLine($"{tried} seeds; {found}");

        Assert.True(found.Length > 0, $"{tried} seeds without {rule}, and no violation.");
    }

    public static TheoryData<string> Rules =>
    [
        .. typeof(ProtocolRules).GetProperties()
            .Where(property => property.PropertyType == typeof(bool) && property.Name != nameof(ProtocolRules.ReadsRootTwice))
            .Select(property => property.Name)
            .Append(CoarseETags)
            .Where(rule => Environment.GetEnvironmentVariable("SWARM_RULES") is not { } wanted || wanted.Split(',').Contains(rule)),
    ];

    private static bool Fails(int seed, ProtocolRules rules, ExplorationLimits limits) =>
        Record.Exception(() => Exploration.Run(seed, rules, limits: limits)) is not null;

    /// <summary>A failure, and the little that it needs: run that with SWARM_SEED, SWARM_LIMITS and SWARM_TRACE to see it.</summary>
    private static string Shrunk(int seed, ProtocolRules rules, Exception failure)
    {
        var limits = ExplorationLimits.Shrink(tighter => Fails(seed, rules, tighter), _limits);
        var last = Record.Exception(() => Exploration.Run(seed, rules, limits: limits)) ?? failure;
        return $"{failure.GetType().Name} {failure.Message} SWARM_LIMITS={limits} gives {last}";
    }

    /// <summary>Where rules whose absence is seldom seen were missed last: tried first, so that an ordinary run is short.</summary>
    private static readonly Dictionary<string, int> _lastFoundAt = new()
    {
        [nameof(ProtocolRules.CloseIsFinal)] = 174,
        [nameof(ProtocolRules.ComparesExtents)] = 4303,
        [nameof(ProtocolRules.DeletesRootsAsRead)] = 5447,
        [nameof(ProtocolRules.MarksCollectedLogs)] = 5148,
    };

    private const string CoarseETags = "FreshETags";

    private static ProtocolRules Without(string rule)
    {
        var rules = new ProtocolRules();
        typeof(ProtocolRules).GetProperty(rule)!.SetValue(rules, false);

        // What is shown of the store before an acknowledgement covers that rule.
        return rule == nameof(ProtocolRules.ComparesNonce)
            ? rules with { SameStore = new SameStoreRules { ProvesAcknowledgments = false } }
            : rules;
    }

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value)
            ? value
            : fallback;
}
