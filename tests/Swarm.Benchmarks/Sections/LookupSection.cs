using System.Diagnostics;
using Swarm.Benchmarks.Report;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Storage.Prefixes;

namespace Swarm.Benchmarks.Sections;

/// <summary>The index that finds whose KV a new context can share: time of a lookup, bytes of a block, and of a whole prompt.</summary>
internal sealed class LookupSection : ISection
{
    private const int BlocksOfContext = 15_625; // A million positions.
    private const double MaxMicroseconds = 20;
    private const double MaxBytes = 48;

    /// <inheritdoc/>
    public IReadOnlyList<string> Rows { get; } = ["lookup", "lookup.bytes", "lookup.prompt"];

    /// <inheritdoc/>
    public Task MeasureAsync(ReportContext report)
    {
        var blocks = report.IsQuick ? 1_000_000 : 10_000_000;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = new PrefixIndex(2L * blocks);
        Fill(index, blocks);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)blocks;

        // Half of them are there, in an order that no cache knows; a hash is made before each, outside of the time.
        var random = new Random(1);
        var lookups = report.IsQuick ? 100_000 : 1_000_000;
        var times = new double[lookups];
        var found = 0;
        for (var turn = -1000; turn < lookups; turn++)
        {
            var block = random.Next(2 * blocks);
            var (hash, end) = (HashOf(block), EndOf(block));
            var started = Stopwatch.GetTimestamp();
            var name = index.TryFind(hash, end);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (name != (block < blocks ? NameOf(block / BlocksOfContext) : null))
            {
                throw new InvalidOperationException($"Block {block} was looked up as '{name}'.");
            }

            found += name is null ? 0 : 1;
            if (turn >= 0)
            {
                times[turn] = elapsed.TotalMicroseconds;
            }
        }

        report.AddDistribution("lookup", ($"{blocks} blocks", [.. times.Select(time => time / 1000)]));
        var value = Samples.Percentile(times, 0.99);
        report.Add(new ReportRow(
            "lookup", value, "us", $"{MaxMicroseconds} us, p99 of {lookups} in {blocks} blocks, {100.0 * found / lookups:0} % there",
            value / MaxMicroseconds, 0, lookups, Goal.AtMost(1)));
        report.Add(new ReportRow("lookup.bytes", bytes, "bytes", $"{MaxBytes} bytes a block", bytes / MaxBytes, 0, blocks, Goal.AtMost(1)));
        MeasurePrompt(report, index);
        return Task.CompletedTask;
    }

    /// <summary>A prompt of a million positions of which the first half is there: every block behind is looked up in vain.</summary>
    private static void MeasurePrompt(ReportContext report, PrefixIndex index)
    {
        BlockHash[] chain = [.. Enumerable.Range(0, BlocksOfContext).Select(block => HashOf(block < BlocksOfContext / 2 ? block : -block))];
        var samples = new Samples();
        for (var round = -1; round < report.Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            HashPrompt(BlocksOfContext);
            var hashing = Stopwatch.GetElapsedTime(started);
            started = Stopwatch.GetTimestamp();
            var shared = index.FindLongest(chain, PrefixHasher.DefaultBlockTokens);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (shared?.Position != BlocksOfContext / 2 * (long)PrefixHasher.DefaultBlockTokens)
            {
                throw new InvalidOperationException($"The prompt was found up to {shared?.Position}.");
            }

            if (round >= 0)
            {
                samples.Add(hashing, elapsed);
            }
        }

        report.Add(samples.Cost("lookup.prompt", "hashing its million positions", null));
    }

    private static void HashPrompt(int blocks)
    {
        var hasher = new PrefixHasher(new TenantKey(new byte[TenantKey.SizeBytes]), default);
        var tokens = new int[PrefixHasher.DefaultBlockTokens];
        for (var block = 0; block < blocks; block++)
        {
            hasher.Append(tokens);
        }
    }

    private static void Fill(PrefixIndex index, int blocks)
    {
        for (var first = 0; first < blocks; first += BlocksOfContext)
        {
            var number = first / BlocksOfContext;
            var context = index.Open(ContextId.FromNames("bench", NameOf(number)), NameOf(number));
            for (var block = first; block < Math.Min(blocks, first + BlocksOfContext); block++)
            {
                context.Add(EndOf(block), HashOf(block));
            }

            context.KvIsDurable(int.MaxValue);
        }
    }

    private static string NameOf(int context) => $"c{context}";

    private static long EndOf(int block) => ((block % BlocksOfContext) + 1L) * PrefixHasher.DefaultBlockTokens;

    private static BlockHash HashOf(int block) => new(Digest256.Sha256(BitConverter.GetBytes(block)));
}
