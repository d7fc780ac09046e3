using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>More tokens than the runtime has room for are refused before any is made: nobody would get them.</summary>
public sealed class GenerationRoomTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Generate_MoreThanTheRuntimeHasRoomFor_IsRefusedWithTheRoomAndMakesNone()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(maxPositions: 64), null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3, 4 }, Token);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => memory.GenerateAsync(61, null, Token).AsTask());

        Assert.Contains("61 tokens behind 4 positions", refused.Message, StringComparison.Ordinal);
        Assert.Contains("room for 60", refused.Message, StringComparison.Ordinal);
        Assert.Equal(4, memory.Length);
        Assert.Equal(60, (await memory.GenerateAsync(60, null, Token)).Length);
    }
}
