using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Storage.Files;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>
/// Contexts come, stream, rewind, fork and go on a real folder, in real time: memory and objects stay what they were. Promise 9.
/// </summary>
/// <remarks><c>SWARM_SOAK_MINUTES</c> asks for a long run, which is held to a tenth.</remarks>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Workers = 12;
    private static readonly double _minutes =
        double.Parse(Environment.GetEnvironmentVariable("SWARM_SOAK_MINUTES") ?? "0.5", CultureInfo.InvariantCulture);

    /// <summary>Positions of a context, at most: in a short run many come and go too.</summary>
    private static int MaxTokens => _minutes >= 10 ? 1_600 : 250;

    [Fact]
    public async Task Store_ContextsComeAndGo_KeepsMemoryAndObjectsFlat()
    {
        var isLong = _minutes >= 10;
        var seeded = new SeededTest();
        using var folder = new TempDirectory();
        await using var store = new ContextStore(
            new FileBlobStore(folder.Path),
            new ContextStoreOptions
            {
                CheckpointSegments = 64,
                SegmentsPerContext = isLong ? 64 : 1,
                RotateSegments = isLong ? 2048 : 128,
                CompactionRuns = 16,
                HousekeepingInterval = TimeSpan.FromMilliseconds(250),
                CollectionInterval = TimeSpan.FromSeconds(isLong ? 5 : 1),
                MemoryTierBytes = 16 << 20,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(_minutes));
        var lives = Enumerable.Range(0, Workers)
            .Select(worker => (Worker: worker, Random: new Random(seeded.Random.Next())))
            .Select(life => Task.Run(() => ContextLives.LiveAsync(store, life.Worker, life.Random, MaxTokens, () => stop.IsCancellationRequested))).ToArray();

        var samples = new List<(long Resident, long Objects)>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        while (!stop.IsCancellationRequested && !lives.Any(life => life.IsCompleted))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            samples.Add((Resident(), CountFiles(folder.Path)));
        }

        var contexts = (await Task.WhenAll(lives)).Sum();
        Assert.True(contexts >= Workers, $"only {contexts} contexts came and went");
        var third = samples.Count / 3; // The first is for warming up.
        var (before, after) = (samples.GetRange(third, third), samples.GetRange(2 * third, third));
        var resident = after.Average(item => item.Resident) / before.Average(item => item.Resident);
        var objects = after.Average(item => item.Objects) / before.Average(item => item.Objects);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_minutes} min, {contexts} contexts; resident {before.Average(item => item.Resident) / 1048576:f0} MiB, then {resident:f3} of it; "
            + $"{before.Average(item => item.Objects):f0} objects, then {objects:f3} of it; seed {seeded.Seed}; in the end {CountByKind(Path.Combine(folder.Path, "objects"))}"));
        Assert.InRange(resident, 0, isLong ? 1.1 : double.MaxValue); // A short run shares its process with other tests.
        Assert.InRange(objects, 0, isLong ? 1.1 : 1.5);
    }

    private static long CountFiles(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).LongCount();

    private static string CountByKind(string folder) => string.Join(
        ", ", Directory.EnumerateDirectories(folder).Select(kind => $"{CountFiles(kind)} {Path.GetFileName(kind)}").Order(StringComparer.Ordinal));

    private static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
