using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>A silo's memory is its tier and a constant, however many contexts stream through it.</summary>
[Collection(nameof(Alone))]
public sealed class SiloMemoryTests(ITestOutputHelper output)
{
    private const int Contexts = 64;
    private const long TierBytes = 64L << 20;

    /// <summary>The runtime, Orleans, the log's segments under way and the connections' windows. Stated in deploy/README.md.</summary>
    private const long ConstantBytes = 512L << 20;

    [Fact]
    public async Task Silo_While64ContextsStream_StaysWithinItsTierAndAConstant()
    {
        var token = TestContext.Current.CancellationToken;
        using var folder = new TempDirectory();
        await using var silo = await HostProcess.StartAsync(
            $"--Swarm:Store:Path={folder.Path}", $"--Swarm:Tiers:MemoryTierBytes={TierBytes}");
        await using var swarm = await SwarmClient.ConnectAsync(
            silo.Address, new SwarmCredential("default"), cancellationToken: token);

        await Task.WhenAll(Enumerable.Range(0, Contexts).Select(index => Task.Run(
            async () =>
            {
                var runtime = new ToyRuntime(rowBytes: 4096, maxPositions: 256);
                await using var memory = await swarm.Agent($"drone-{index}").OpenAsync($"track/{index}", runtime, null, token);
                for (var position = 0; position < runtime.MaxPositions; position += 8)
                {
                    await memory.FeedAsync(Enumerable.Range(position, 8).Select(value => value % 97).ToArray(), token);
                }

                await memory.FlushAsync(token);
                Assert.Equal((256, 256), (memory.Durable.Tokens, memory.Durable.Kv));
            },
            token)));

        var peak = silo.PeakResidentBytes();
        output.WriteLine($"{Contexts} contexts, {TierBytes >> 20} MiB tier: {peak >> 20} MiB at most");
        Assert.InRange(peak, 0, TierBytes + ConstantBytes);
    }
}
