using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Rehydration;

/// <summary>Stored KV that rots: its positions alone are recomputed, once; a good copy takes its place. Promises 2, 3 and 6.</summary>
public sealed class KvRepairTests
{
    private readonly SeededTest _seeded = new();
    private readonly ToyRuntime _twin = new();
    private readonly float[] _logits;

    public KvRepairTests() => _logits = new float[_twin.VocabularySize];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RehydrationStrategy.LoadKv)]
    [InlineData(RehydrationStrategy.Fastest)]
    public async Task TakeOver_StoredKvDamaged_RecomputesThatAloneAndTheNextOneLoadsAll(RehydrationStrategy strategy)
    {
        var folder = Silo.NewFolder();
        await StreamAsync(folder);
        DamagedSegments.Damage(folder, _ => _seeded.Random.Next(3) == 0);

        var mended = await TakeOverAsync(folder, "drone-b", strategy);
        var after = await TakeOverAsync(folder, "drone-c", RehydrationStrategy.LoadKv);
        Directory.Delete(folder, recursive: true);

        Assert.InRange(mended.Discarded, 1, _twin.Length - 1);
        Assert.Equal(_twin.Length, mended.Loaded + mended.Recomputed);
        Assert.True(mended.Recomputed >= mended.Discarded);
        Assert.True(strategy == RehydrationStrategy.Fastest || mended.Recomputed == mended.Discarded, "a run of KV is whole steps");
        Assert.Equal((_twin.Length, 0, 0), ((int)after.Loaded, (int)after.Recomputed, (int)after.Discarded));
    }

    [Fact]
    public async Task Rewind_DamagedKvGoesWithIt_ReleaseDoesNotWaitForItsRepair()
    {
        var folder = Silo.NewFolder();
        await StreamAsync(folder);
        DamagedSegments.Damage(folder, _ => true);
        await using (var silo = await Silo.StartAsync(folder))
        {
            await using var swarm = await silo.ConnectAsync();
            await using var memory = await swarm.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
            Assert.True(memory.Rehydration.Discarded > 0);

            await memory.RewindAsync(0, Token);
            await memory.ReleaseAsync("", Token);
            Assert.Equal(0, (await swarm.GetStatusAsync("track/1", Token)).Durable.Kv);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The silo's own copies rot, and the store's do not: the successor reads past them, and recomputes nothing.</summary>
    [Theory]
    [InlineData(RehydrationStrategy.LoadKv)]
    [InlineData(RehydrationStrategy.Fastest)]
    public async Task TakeOver_CopyOnTheSilosDiskDamaged_IsReadPast(RehydrationStrategy strategy)
    {
        const int rowBytes = 4096; // 16 KiB a position: runs are large enough for the disk tier.
        var tier = Silo.NewFolder();
        await using var silo = await Silo.StartAsync(
            Silo.NewFolder(), "--Swarm:Tiers:DiskTierPath", tier, "--Swarm:Tiers:MemoryTierBytes", "65536");
        silo.OwnsFolder = true;
        await using var swarm = await silo.ConnectAsync();
        var twin = new ToyRuntime(rowBytes: rowBytes);
        await using (var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(rowBytes: rowBytes), null, Token))
        {
            for (var flush = 0; flush < 8; flush++)
            {
                int[] step = [.. Enumerable.Range(0, 40).Select(_ => _seeded.Random.Next(twin.VocabularySize))];
                await memory.FeedAsync(step, Token);
                twin.Forward(step, _logits);
                await memory.FlushAsync(Token);
            }

            await memory.ReleaseAsync("drone-b", Token);
        }

        var first = await TakeOverAsync(swarm, "drone-b", strategy, rowBytes); // Leaves all of it on the disk.
        var files = Directory.GetFiles(tier, "*.kv");
        Assert.True(files.Length > 4, $"only {files.Length} payloads are on the disk");
        foreach (var file in files)
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Token);
        }

        var past = await TakeOverAsync(swarm, "drone-c", strategy, rowBytes);
        Directory.Delete(tier, recursive: true);

        Assert.Equal((0, 0), ((int)first.Reread, (int)past.Discarded));
        Assert.True(past.Reread > 0 || past.RecomputedEarly > 0, "no copy was damaged");
        if (strategy == RehydrationStrategy.LoadKv)
        {
            Assert.Equal((320, 0), ((int)past.Loaded, (int)past.Recomputed));
        }
    }

    /// <summary>An agent that streams in many small runs, and is done.</summary>
    private async Task StreamAsync(string folder)
    {
        await using var silo = await Silo.StartAsync(folder);
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        for (var flush = 0; flush < 30; flush++)
        {
            for (var count = 1 + _seeded.Random.Next(4); count > 0; count--)
            {
                var step = new int[1 + _seeded.Random.Next(9)];
                for (var index = 0; index < step.Length; index++)
                {
                    step[index] = _seeded.Random.Next(_twin.VocabularySize);
                }

                await memory.FeedAsync(step, Token);
                _twin.Forward(step, _logits);
            }

            await memory.FlushAsync(Token);
        }

        await memory.ReleaseAsync("drone-b", Token);
    }

    private async Task<RehydrationReport> TakeOverAsync(string folder, string agent, RehydrationStrategy strategy)
    {
        await using var silo = await Silo.StartAsync(folder);
        await using var swarm = await silo.ConnectAsync();
        return await TakeOverAsync(swarm, agent, strategy, 64);
    }

    private async Task<RehydrationReport> TakeOverAsync(SwarmClient swarm, string agent, RehydrationStrategy strategy, int rowBytes)
    {
        await using var memory = await swarm.Agent(agent)
            .TakeOverAsync("track/1", new ToyRuntime(rowBytes: rowBytes), TakeOver.Now, new() { Strategy = strategy }, Token);
        Assert.Equal(_logits, (await memory.ComputeLogitsAsync(Token)).ToArray());
        await memory.FlushAsync(Token);
        await memory.ReleaseAsync("drone-c", Token);
        return memory.Rehydration;
    }
}
