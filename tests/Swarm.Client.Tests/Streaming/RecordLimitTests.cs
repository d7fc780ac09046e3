using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Streaming;

/// <summary>A silo may take less KV at once than the session would send.</summary>
public sealed class RecordLimitTests
{
    private static readonly string[] _limits = ["--Swarm:DataPlane:IngestBytes", "64KiB", "--Swarm:DataPlane:AttachmentIngestBytes", "64KiB"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Flush_SiloTakesSmallRecords_SendsAllKvInSuch()
    {
        var folder = Silo.NewFolder();
        await using var silo = await Silo.StartAsync(folder, _limits);
        silo.OwnsFolder = true;
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);

        await memory.FeedAsync(Enumerable.Range(0, 2000).Select(index => index % 97).ToArray(), Token); // 256 bytes of KV each.
        await memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token);

        Assert.Equal(2000, memory.Durable.Kv);
    }

    [Fact]
    public async Task Flush_StepLargerThanTheSiloTakes_SaysSoAndInputsAreDurable()
    {
        var folder = Silo.NewFolder();
        await using var silo = await Silo.StartAsync(folder, _limits);
        silo.OwnsFolder = true;
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(maxStepTokens: 512), null, Token);

        await memory.FeedAsync(Enumerable.Range(0, 512).Select(index => index % 97).ToArray(), Token);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token));

        Assert.Contains("Swarm:DataPlane:IngestBytes", refused.Message, StringComparison.Ordinal);
        Assert.Contains("64KiB", refused.Message, StringComparison.Ordinal);
        Assert.Equal((512, 0), (memory.Durable.Tokens, memory.Durable.Kv));
        await memory.RewindAsync(0, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token);
        Assert.Equal(3, memory.Durable.Kv);
    }
}
