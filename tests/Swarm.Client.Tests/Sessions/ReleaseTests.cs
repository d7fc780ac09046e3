using Swarm.Client.Streaming;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>A release that fails leaves a session that works, or one that says that it is over.</summary>
public sealed class ReleaseTests
{
    private static readonly Refusal _stale = new(RefusalCode.StaleEpoch, "Epoch 1 is stale.", new Epoch(2));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // The silo is away, so that the release is tried again until it is called off; then somebody else takes over.
    [Fact]
    public async Task Release_Cancelled_TheSessionIsFencedAsAnyOther()
    {
        var folder = Silo.NewFolder();
        var silo = await Silo.StartAsync(folder);
        var gateway = silo.GatewayPort;
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        await silo.DisposeAsync();
        using var cancel = new CancellationTokenSource();
        var releasing = memory.ReleaseAsync("", cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => releasing);

        await using var again = await Silo.StartAsync(folder, "--Swarm:Endpoints:Gateway", gateway);
        again.OwnsFolder = true;
        await using var other = await again.ConnectAsync();
        await using var successor = await other.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(60), memory.Fenced));
        await Assert.ThrowsAsync<StaleEpochException>(() => memory.FlushAsync(Token).AsTask());
        await Assert.ThrowsAsync<StaleEpochException>(() => memory.FeedAsync(new[] { 4 }, Token).AsTask());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void State_RefusedWhileReleasing_IsOverUnlessTheContextWasGivenBack(bool isGivenBack)
    {
        using var state = new SessionState(new Epoch(1), default);
        state.BeginReleasing();

        state.Fence(_stale);
        Assert.False(state.Fenced.IsCancellationRequested);
        if (isGivenBack)
        {
            state.Release();
        }

        Assert.Equal(!isGivenBack, state.StopReleasing());
        Assert.Equal(!isGivenBack, state.Fenced.IsCancellationRequested);
        if (isGivenBack)
        {
            Assert.Throws<InvalidOperationException>(state.ThrowIfOver);
        }
        else
        {
            Assert.Equal(_stale, Assert.Throws<StaleEpochException>(state.ThrowIfOver).Refusal);
        }
    }

    [Fact]
    public void State_NotRefusedWhileReleasing_GoesOnAndIsFencedLater()
    {
        using var state = new SessionState(new Epoch(1), default);
        state.BeginReleasing();
        Assert.False(state.StopReleasing());

        state.ThrowIfOver();
        state.Fence(_stale);

        Assert.True(state.Fenced.IsCancellationRequested);
    }
}
