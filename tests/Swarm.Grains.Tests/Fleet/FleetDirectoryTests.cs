using Swarm.Grains.Abstractions.Fleet;
using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Fleet;

/// <summary>Where a fleet's contexts are open, and what is to be opened because its silo is gone; told to silos that are told everything, late, or not at all.</summary>
public sealed class FleetDirectoryTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SeededTest _seeded = new();

    [Fact]
    public void TakeOrphans_OfASiloThatIsGone_ReturnsItsContextsUntilTheyAreToldOf()
    {
        var directory = new FleetDirectory();
        var (lost, well) = (Guid.NewGuid(), Guid.NewGuid());
        directory.Heard(lost, _start);
        directory.Open("a", lost, isWanted: true);
        directory.Open("b", lost, isWanted: false);
        directory.Open("c", well, isWanted: true);
        var later = _start + FleetDirectory.SiloTimeout;
        directory.Heard(well, later);

        Assert.Empty(directory.TakeOrphans(10, _start));
        Assert.Equal(["a"], directory.TakeOrphans(10, later));
        Assert.Empty(directory.TakeOrphans(10, later)); // Under way.
        Assert.Equal(["a"], directory.TakeOrphans(10, later + TimeSpan.FromSeconds(2))); // It was in vain.
        directory.Open("a", well, isWanted: true);
        directory.Close("a", lost, isWanted: true); // Late.
        directory.Heard(well, later + TimeSpan.FromHours(1));
        Assert.Empty(directory.TakeOrphans(10, later + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void TakeOrphans_OfContextsThatWereClosed_ReturnsThoseThatAreWantedAtOnce()
    {
        var directory = new FleetDirectory();
        var silo = Guid.NewGuid();
        directory.Heard(silo, _start);
        foreach (var context in (string[])["wanted", "idle"])
        {
            directory.Open(context, silo, isWanted: true);
            directory.Close(context, silo, isWanted: context == "wanted");
        }

        directory.Close("unknown", silo, isWanted: true); // As to an activation that has forgotten everything.
        directory.Close("unknown and idle", silo, isWanted: false);

        Assert.Equal(["wanted", "unknown"], directory.TakeOrphans(10, _start));
    }

    [Fact]
    public void Since_ForCopiesThatAreBehind_MakesThemWhole()
    {
        var random = _seeded.Random;
        for (var run = 0; run < 20; run++)
        {
            var directory = new FleetDirectory();
            Guid[] silos = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
            Dictionary<string, Guid?> expected = [];
            var copies = Enumerable.Range(0, 3).Select(_ => new Copy()).ToArray();
            for (var step = random.Next(1, 30_000); step > 0; step--)
            {
                var context = $"c{random.Next(3000)}";
                var silo = silos[random.Next(silos.Length)];
                switch (random.Next(4))
                {
                    case 0:
                        directory.Open(context, silo, isWanted: false);
                        expected.Remove(context);
                        break;
                    case 1:
                        directory.Close(context, silo, isWanted: step % 2 == 0);
                        var open = expected.GetValueOrDefault(context);
                        if (step % 2 == 0 && (open is null || open == silo))
                        {
                            expected[context] = Guid.Empty;
                        }
                        else if (open == silo)
                        {
                            expected.Remove(context);
                        }

                        break;
                    default:
                        directory.Open(context, silo, isWanted: true);
                        expected[context] = silo;
                        break;
                }

                if (random.Next(1000) == 0)
                {
                    copies[random.Next(copies.Length)].Ask(directory);
                }
            }

            foreach (var copy in copies)
            {
                copy.Ask(directory);
                Assert.Equal(Sorted(expected), Sorted(copy.Places));
            }

            // The next activation knows what the copies knew, and has nothing opened whose silo still tells of itself.
            var next = new FleetDirectory();
            next.Remember(copies[0].Places.Select(pair => new DirectoryEntry(pair.Key, pair.Value)), _start);
            var nowhere = expected.Where(pair => pair.Value == Guid.Empty).Select(pair => pair.Key).Order(StringComparer.Ordinal).ToArray();
            Assert.Equal(nowhere, next.TakeOrphans(int.MaxValue, _start).Order(StringComparer.Ordinal)); // At once; the others' silos may tell of themselves.
            var now = _start + FleetDirectory.SiloTimeout;
            next.Heard(silos[0], now);
            Assert.Equal(
                expected.Where(pair => pair.Value != silos[0]).Select(pair => pair.Key).Order(StringComparer.Ordinal),
                next.TakeOrphans(int.MaxValue, now).Order(StringComparer.Ordinal));
        }
    }

    private static List<string> Sorted(Dictionary<string, Guid?> places) => [.. places.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)];

    /// <summary>What a silo has of a directory.</summary>
    private sealed class Copy
    {
        private long _version;

        public Dictionary<string, Guid?> Places { get; } = [];

        public void Ask(FleetDirectory directory)
        {
            int count;
            do
            {
                var (version, changes, isWhole) = directory.Since(_version);
                if (isWhole)
                {
                    Places.Clear();
                }

                foreach (var (context, silo) in changes)
                {
                    Places.Remove(context);
                    if (silo is not null)
                    {
                        Places[context] = silo;
                    }
                }

                (_version, count) = (version, changes.Length);
            }
            while (count == FleetDirectory.MaxChanges);
        }
    }
}
