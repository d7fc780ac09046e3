using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>An agent hands its memory to another one, whatever its KV's groups and streams: as payloads of the wire, in a swarm in memory.</summary>
public sealed class FamilyHandoffTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gemma3")] // Two groups, one with a window.
    [InlineData("mistral-window-7")] // One group with a window.
    [InlineData("deepseek3")] // Streams of two sizes.
    public async Task OpenAsync_AfterARelease_GoesOnBitForBitAndComputesNothingAgain(string name)
    {
        using var model = FamilySamples.Model(name);
        using var same = FamilySamples.Model(name);
        using var first = model.CreateRuntime(512);
        using var second = same.CreateRuntime(512);
        using var twin = model.CreateRuntime(512);
        var swarm = new InMemorySwarm();
        var (before, behind) = (FamilySamples.Tokens(150, 1), FamilySamples.Tokens(30, 2));

        await using (var memory = await swarm.Connect().Agent("a").OpenAsync("track/1", first, cancellationToken: Token))
        {
            await memory.FeedAsync(before.AsMemory(0, 60), Token);
            await memory.FeedAsync(before.AsMemory(60), Token);
            await memory.ReleaseAsync(cancellationToken: Token);
        }

        await using var next = await swarm.Connect().Agent("b").OpenAsync("track/1", second, cancellationToken: Token);
        await next.FeedAsync(behind, Token);

        Samples.Feed(twin, before.AsSpan(0, 60), 60);
        Samples.Feed(twin, before.AsSpan(60), 90);
        Assert.Equal(Samples.Feed(twin, behind, 512), next.Logits.ToArray());
        Assert.Equal((150, 0), (next.Rehydration.Loaded, next.Rehydration.Recomputed));
        Assert.Equal(150 * model.Descriptor.Geometry.BytesPerPosition, next.Rehydration.Bytes);

        // To before the window's beginning: what was loaded there is needed again.
        await next.RewindAsync(60, Token);
        await next.FeedAsync(behind.AsMemory(0, 9), Token);
        twin.Truncate(60);
        Assert.Equal(Samples.Feed(twin, behind.AsSpan(0, 9), 512), next.Logits.ToArray());
    }
}
