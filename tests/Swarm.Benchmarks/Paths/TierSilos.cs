using Swarm.Azurite;
using Swarm.Benchmarks.Report;

namespace Swarm.Benchmarks.Paths;

/// <summary>One silo for each place that KV may come from, all with the same context.</summary>
internal sealed class TierSilos : IAsyncDisposable
{
    private const long MemoryBytes = 1L << 30;

    private readonly AzuriteProcess _azurite;

    private TierSilos(AzuriteProcess azurite, Tier[] tiers) => (_azurite, All) = (azurite, tiers);

    /// <summary>The tiers.</summary>
    public IReadOnlyList<Tier> All { get; }

    /// <summary>How to reach the emulator of blob storage.</summary>
    public string ConnectionString => _azurite.ConnectionString;

    /// <summary>Starts them.</summary>
    public static async Task<TierSilos> StartAsync(ReportContext report)
    {
        var azurite = await AzuriteProcess.StartAsync(report.NewFolder("azurite"));
        return new TierSilos(azurite,
        [
            new("memory.wire", await BenchSilo.OverFolderAsync(report.NewFolder("warm"), MemoryBytes), KvTier.Memory),
            new("folder", await BenchSilo.OverFolderAsync(report.NewFolder("cold"), 0), KvTier.Blob),
            new("disk", await BenchSilo.OverAzureAsync(azurite, "cached", report.NewFolder("tier")), KvTier.Disk),
            new("blob", await BenchSilo.OverAzureAsync(azurite, "distant", null), KvTier.Blob),
        ]);
    }

    /// <summary>Makes the context in each.</summary>
    /// <param name="computed">A runtime that has seen the inputs, in its longest steps.</param>
    /// <param name="tokens">The inputs.</param>
    public async Task FillAsync(IKvRuntime computed, ReadOnlyMemory<int> tokens)
    {
        foreach (var tier in All)
        {
            await using var predecessor = await tier.Silo.Client.Agent("predecessor").OpenAsync("c", new ReplayRuntime(computed));
            await predecessor.FeedAsync(tokens);
            await predecessor.ReleaseAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var tier in All)
        {
            await tier.Silo.DisposeAsync();
        }

        await _azurite.DisposeAsync();
    }

    /// <summary>One place.</summary>
    /// <param name="Name">Its name in rows.</param>
    /// <param name="Silo">The silo.</param>
    /// <param name="Kv">What a rehydration report calls it.</param>
    internal sealed record Tier(string Name, BenchSilo Silo, KvTier Kv)
    {
        /// <summary>Times against a first reference.</summary>
        public Samples Samples { get; } = new();
    }
}
