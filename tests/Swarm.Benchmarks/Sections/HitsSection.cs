using Swarm.Benchmarks.References;
using Swarm.Benchmarks.Report;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Tiers;

namespace Swarm.Benchmarks.Sections;

/// <summary>
/// How much of what successors ask for the memory tier holds, against a plain LRU of the same size on the same questions. No speed.
/// Contexts of 32 blocks are rehydrated, some far more often than others (Zipf); now and then somebody reads a large cold one to its end.
/// </summary>
internal sealed class HitsSection : ISection
{
    private const int Contexts = 500;
    private const int BlocksOfContext = 32;
    private const int BlockBytes = 4 << 10;
    private const int Capacity = Contexts * BlocksOfContext / 5;
    private const int ScanBlocks = Capacity;
    private const int ScanEvery = 100;

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["tier.hits"];

    /// <inheritdoc/>
    public Task MeasureAsync(ReportContext report)
    {
        var rounds = report.IsQuick ? 1 : 5;
        var shares = Enumerable.Range(0, rounds).Select(Measure).ToArray();
        double[] ratios = [.. shares.Select(share => share.Tier / share.Lru)];
        var ratio = Samples.Median(ratios);
        report.Add(new ReportRow(
            "tier.hits",
            100 * Samples.Median(shares.Select(share => share.Tier)),
            "%",
            $"LRU's {100 * Samples.Median(shares.Select(share => share.Lru)):0.0} % of blocks",
            ratio,
            (ratios.Max() - ratios.Min()) / ratio,
            rounds,
            null));
        return Task.CompletedTask;
    }

    private static (double Tier, double Lru) Measure(int seed)
    {
        var random = new Random(seed);
        double[] weights = [.. Enumerable.Range(1, Contexts).Select(rank => 1.0 / rank)];
        var tier = new MemoryTier((long)Capacity * BlockBytes);
        var lru = new PlainLru(Capacity);
        var (asked, inTier, inLru) = (0, 0, 0);
        for (var request = 0; request < 6_000; request++)
        {
            var isScan = request % ScanEvery == ScanEvery - 1;
            var context = isScan ? Contexts + request : Pick(random, weights);
            for (var block = 0; block < (isScan ? ScanBlocks : BlocksOfContext); block++)
            {
                var key = new PayloadRef(ObjectRef.Segment(new Id128(0, (ulong)context), (ulong)block), 0, BlockBytes, 0);
                var isInTier = Ask(tier, key, context, block);
                var isInLru = lru.Ask(key);
                if (!isScan && request >= 1_000)
                {
                    asked++;
                    inTier += isInTier ? 1 : 0;
                    inLru += isInLru ? 1 : 0;
                }
            }
        }

        return ((double)inTier / asked, (double)inLru / asked);
    }

    private static bool Ask(MemoryTier tier, PayloadRef key, int context, int block)
    {
        if (tier.TryGet(key, out var found))
        {
            found.Dispose();
            return true;
        }

        using var lease = tier.Rent(BlockBytes);
        tier.Publish(key, new TierPlace(new ContextId(new Id128(0, 1), new Id128(0, (ulong)context)), block), lease);
        return false;
    }

    private static int Pick(Random random, double[] weights)
    {
        var at = random.NextDouble() * weights.Sum();
        for (var index = 0; index < weights.Length; index++)
        {
            at -= weights[index];
            if (at <= 0)
            {
                return index;
            }
        }

        return weights.Length - 1;
    }
}
