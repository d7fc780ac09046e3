using System.Globalization;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>The most that a run may do; a seed that fails is run again under tighter ones, to show the little that it needs.</summary>
internal sealed record ExplorationLimits
{
    /// <summary>Nothing is cut: what the seed says.</summary>
    public static ExplorationLimits None { get; } = new();

    public int Silos { get; init; } = 3;

    public int Contexts { get; init; } = 3;

    /// <summary>Agents of each context, one behind the other.</summary>
    public int Agents { get; init; } = 5;

    /// <summary>Operations of each agent.</summary>
    public int Operations { get; init; } = 24;

    /// <summary>1: silos crash and pause; 0: they do not. The same for the others.</summary>
    public int Crashes { get; init; } = 1;

    public int Collections { get; init; } = 1;

    public int Forks { get; init; } = 1;

    /// <summary>1: a fork's reads stand still in some seeds, while others collect.</summary>
    public int HeldReads { get; init; } = 1;

    /// <summary>1: contexts are followed in some seeds.</summary>
    public int Followers { get; init; } = 1;

    /// <summary>1: an object of the store is lost now and then.</summary>
    public int Losses { get; init; } = 1;

    public int LostRequests { get; init; } = 1;

    public int LostAnswers { get; init; } = 1;

    public int LateEffects { get; init; } = 1;

    public int RepeatedEffects { get; init; } = 1;

    public int Throttling { get; init; } = 1;

    public int Slowness { get; init; } = 1;

    public int Outages { get; init; } = 1;

    /// <summary>Reads what <see cref="ToString"/> gave.</summary>
    public static ExplorationLimits Parse(string text)
    {
        var limits = None;
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split('=')))
        {
            limits = limits.With(pair[0], int.Parse(pair[1], CultureInfo.InvariantCulture));
        }

        return limits;
    }

    /// <summary>Tightens limits as far as a run still fails under them.</summary>
    /// <param name="fails">Whether a run fails.</param>
    /// <param name="from">Limits under which it fails.</param>
    /// <returns>Limits none of which can be tightened any further alone.</returns>
    public static ExplorationLimits Shrink(Func<ExplorationLimits, bool> fails, ExplorationLimits from)
    {
        var limits = from;
        for (var isSmaller = true; isSmaller;)
        {
            isSmaller = false;
            foreach (var property in typeof(ExplorationLimits).GetProperties().Where(item => item.PropertyType == typeof(int)))
            {
                var value = (int)property.GetValue(limits)!;
                var least = (int)property.GetValue(None)! > 1 ? 1 : 0;
                foreach (var tighter in new[] { least, value / 2, value - 1 }.Where(item => item >= least && item < value).Distinct())
                {
                    if (fails(limits.With(property.Name, tighter)))
                    {
                        (limits, isSmaller) = (limits.With(property.Name, tighter), true);
                        break;
                    }
                }
            }
        }

        return limits;
    }

    /// <summary>The faults of these that are left.</summary>
    public StoreFaults Of(StoreFaults faults) => faults with
    {
        LostRequest = faults.LostRequest * LostRequests,
        LostAnswer = faults.LostAnswer * LostAnswers,
        LateEffect = faults.LateEffect * LateEffects,
        RepeatedEffect = faults.RepeatedEffect * RepeatedEffects,
        Throttled = faults.Throttled * Throttling,
        Slow = faults.Slow * Slowness,
        Outage = faults.Outage * Outages,
    };

    /// <summary>What is limited, as the environment variable SWARM_LIMITS takes it.</summary>
    public override string ToString() => string.Join(
        ',',
        typeof(ExplorationLimits).GetProperties()
            .Where(property => property.PropertyType == typeof(int) && !Equals(property.GetValue(this), property.GetValue(None)))
            .Select(property => $"{property.Name}={property.GetValue(this)}"));

    private ExplorationLimits With(string name, int value)
    {
        var limits = this with { };
        typeof(ExplorationLimits).GetProperty(name)!.SetValue(limits, value);
        return limits;
    }
}
