using Swarm.Storage.Tests.Simulation;
using Xunit;

namespace Swarm.Storage.Rules.Tests;

/// <summary>
/// Each rule of the protocol, taken away alone, breaks a promise, and the exploration sees it: so the exploration would see a bug of that kind.
/// </summary>
/// <remarks>
/// <c>SWARM_SEED</c> is the first seed, <c>SWARM_RULES</c> the rules to take away (by name, with commas between), <c>SWARM_TRACE</c> prints what
/// happens in simulated time.
/// </remarks>
public sealed class TakenAwayRuleTests(ITestOutputHelper output)
{
    private const int MostSeeds = 10_000;
    private const int SeedsWithAllRules = 500;
    private const string CoarseETags = "FreshETags";
    private static readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    /// <summary>Seeds that last showed the absence of rules that few seeds show: tried first, so that an ordinary run is short.</summary>
    private static readonly Dictionary<string, int> _lastFoundAt = new()
    {
        [nameof(ProtocolRules.CloseIsFinal)] = 5122,
        [nameof(ProtocolRules.ComparesExtents)] = 1310,
        [nameof(ProtocolRules.MarksCollectedLogs)] = 3536,
    };

    public static TheoryData<string> Rules =>
        [.. NamesOf<ProtocolRules>().Append(CoarseETags).Where(IsWanted)];

    public static TheoryData<string> SameStore => [.. NamesOf<SameStoreRules>().Where(IsWanted)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Exploration_RuleTakenAway_FindsIt(string rule)
    {
        var rules = rule == CoarseETags ? ProtocolRules.All : Without(rule);
        Explore(rule, seed => Exploration.Run(seed, rules, rule == CoarseETags));
    }

    [Theory]
    [MemberData(nameof(SameStore))]
    public void StoreLossExploration_RuleTakenAway_FindsIt(string rule)
    {
        var rules = new ProtocolRules { SameStore = Without(new SameStoreRules(), rule) };
        Explore(rule, seed => StoreLossExploration.Run(seed, rules));
    }

    /// <summary>What this flavour checks besides, the order of gates, holds.</summary>
    [Fact]
    public void Exploration_WithAllRules_KeepsItsPromises()
    {
        var first = Seeds.Number("SWARM_SEED", 0);
        Parallel.For(first, first + Seeds.Number("SWARM_SEEDS", SeedsWithAllRules), _parallel, seed => Exploration.Run(seed, ProtocolRules.All));
    }

    /// <summary>A failing seed says how little it needs to fail, and that fails in the same way when it is run again.</summary>
    [Fact]
    public void Exploration_FailingSeed_ShrinksAndReplays()
    {
        var rules = Without(nameof(ProtocolRules.Seals));
        var seed = Enumerable.Range(Seeds.Number("SWARM_SEED", 0), MostSeeds).First(seed => Fails(seed, rules, ExplorationLimits.None));

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

    private void Explore(string rule, Action<int> run)
    {
        var first = Seeds.Number("SWARM_SEED", 0);
        var (found, tried) = ("", 0);
        void Try(int seed, Action stop)
        {
            Interlocked.Increment(ref tried);
            if (Record.Exception(() => run(seed)) is { } violation)
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
            Parallel.For(first, first + MostSeeds, _parallel, (seed, loop) => Try(seed, loop.Stop));
        }

        output.WriteLine($"{tried} seeds; {found}");

        Assert.True(found.Length > 0, $"{tried} seeds without {rule}, and no violation.");
    }

    private static bool Fails(int seed, ProtocolRules rules, ExplorationLimits limits) =>
        Record.Exception(() => Exploration.Run(seed, rules, limits: limits)) is not null;

    private static IEnumerable<string> NamesOf<T>() =>
        typeof(T).GetProperties().Where(property => property.PropertyType == typeof(Rule)).Select(property => property.Name);

    private static bool IsWanted(string rule) =>
        Environment.GetEnvironmentVariable("SWARM_RULES") is not { } wanted || wanted.Split(',').Contains(rule);

    private static ProtocolRules Without(string rule)
    {
        var rules = Without(new ProtocolRules(), rule);

        // What is shown of the store before an acknowledgement covers that rule.
        return rule == nameof(ProtocolRules.ComparesNonce)
            ? rules with { SameStore = Without(new SameStoreRules(), nameof(SameStoreRules.ProvesAcknowledgments)) }
            : rules;
    }

    private static T Without<T>(T rules, string rule)
        where T : class
    {
        typeof(T).GetProperty(rule)!.SetValue(rules, Rule.TakenAway);
        return rules;
    }
}
