using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>A runtime is the memory of one context at a time.</summary>
public sealed class RuntimeInUseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Use_RuntimeOfAnOpenSession_IsRefusedByNameWhicheverWayAndLeavesTheSessionAlone()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var other = await silo.ConnectAsync();
        var folder = Silo.NewFolder();
        var spooled = new MemoryOptions { SpoolPath = folder };
        await (await swarm.Agent("b").OpenAsync("spooled", new ToyRuntime(), spooled, Token)).DisposeAsync(); // To be resumed.
        await using var parent = await swarm.Agent("p").OpenAsync("parent", new ToyRuntime(), null, Token);
        await parent.FeedAsync(new int[100], Token);
        await parent.FlushAsync(Token);
        await swarm.ForkAsync("parent", "fork", null, Token);
        var runtime = new ToyRuntime();
        await using var memory = await swarm.Agent("a").OpenAsync("first", runtime, null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await using var reader = await other.OpenReaderAsync("parent", Token);
        Func<Task>[] uses =
        [
            () => swarm.Agent("b").OpenAsync("second", runtime, null, Token),
            () => other.Agent("b").OpenAsync("second", runtime, null, Token),
            () => swarm.Agent("a").OpenAsync("first", runtime, null, Token),
            () => swarm.Agent("b").TakeOverAsync("parent", runtime, TakeOver.Now, null, Token),
            () => swarm.Agent("b").OpenOrTakeOverAsync("second", runtime, TakeOver.Now, null, Token),
            () => swarm.Agent("a").OpenOrTakeOverAsync("first", runtime, TakeOver.Now, null, Token),
            () => swarm.Agent("b").OpenWithPromptAsync("second", runtime, new int[100], null, Token),
            () => swarm.Agent("b").OpenAsync("fork", runtime, null, Token),
            () => swarm.Agent("b").OpenAsync("spooled", runtime, spooled, Token),
            () => reader.RehydrateAsync(runtime, RehydrationStrategy.LoadKv, Token),
        ];

        foreach (var use in uses)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(use);
            Assert.Contains("in use by context 'first' of agent 'a'", refused.Message, StringComparison.Ordinal);
        }

        var missing = await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.GetStatusAsync("second", Token));
        Assert.Equal(RefusalCode.NotFound, missing.Refusal.Code); // Refused before anything was made.
        Assert.False(parent.Fenced.IsCancellationRequested);
        await memory.GenerateAsync(5, null, Token);
        var twin = new ToyRuntime();
        var logits = new float[twin.VocabularySize];
        twin.Forward([1, 2, 3], logits);
        foreach (var token in memory.GetTokens(3))
        {
            twin.Forward([token], logits);
        }

        Assert.Equal(logits, memory.Logits.ToArray());
        await memory.FlushAsync(Token);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Use_RuntimeOfASessionThatEnded_IsFree()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new ToyRuntime();
        var disposed = await swarm.Agent("a").OpenAsync("disposed", runtime, null, Token);
        await disposed.DisposeAsync();

        await using var released = await swarm.Agent("a").OpenAsync("released", runtime, null, Token);
        await released.ReleaseAsync("", Token);
        await Assert.ThrowsAsync<ContextOwnedException>(() => swarm.Agent("b").OpenAsync("disposed", runtime, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => swarm.Agent("b").OpenAsync("BAD NAME", runtime, null, Token));
        await Assert.ThrowsAsync<SwarmRefusedException>(() => swarm.Agent("b").TakeOverAsync("none", runtime, TakeOver.Now, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => swarm.Agent("b").OpenWithPromptAsync("new", runtime, new[] { 97 }, null, Token));
        await using var fenced = await swarm.Agent("a").OpenAsync("fenced", runtime, null, Token);
        await using var thief = await swarm.Agent("b").TakeOverAsync("fenced", new ToyRuntime(), TakeOver.Now, null, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), fenced.Fenced));
        await fenced.DisposeAsync();

        await using var last = await swarm.Agent("c").OpenAsync("last", runtime, null, Token);
        await last.FeedAsync(new[] { 1 }, Token);
        await last.FlushAsync(Token);
    }

    [Fact]
    public async Task Open_OneRuntimeByManyAtOnce_OneGetsIt()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new ToyRuntime();

        var opens = Enumerable.Range(0, 16)
            .Select(index => Task.Run(() => swarm.Agent($"a{index}").OpenAsync($"track/{index}", runtime, null, Token))).ToArray();
        var all = Task.WhenAll(opens);
        await ((Task)all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        Assert.Equal(opens.Length - 1, all.Exception!.InnerExceptions.Count);
        var open = Assert.Single(opens, one => one.IsCompletedSuccessfully);
        Assert.All(opens.Where(one => one != open), one => Assert.IsType<InvalidOperationException>(one.Exception!.InnerException));
        await (await open).DisposeAsync();
    }

    [Theory]
    [InlineData("longer")]
    [InlineData("shorter")]
    public async Task Feed_RuntimeUsedBehindTheSessionsBack_FailsBeforeAnythingWrongIsDurable(string change)
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new ToyRuntime();
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", runtime, null, Token);
        int[] fed = [1, 2, 3, 4];
        await memory.FeedAsync(fed, Token);
        await memory.FlushAsync(Token);
        if (change == "longer")
        {
            runtime.Forward([5], new float[runtime.VocabularySize]);
        }
        else
        {
            runtime.Truncate(2);
        }

        Func<Task>[] uses =
        [
            () => memory.FeedAsync(new[] { 6 }, Token).AsTask(),
            () => memory.GenerateAsync(3, null, Token).AsTask(),
            () => memory.RewindAsync(3, Token).AsTask(),
        ];
        foreach (var use in uses)
        {
            var failed = await Assert.ThrowsAsync<InvalidOperationException>(use);
            Assert.Contains("not as this session left it", failed.Message, StringComparison.Ordinal);
        }

        await memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token); // All that it had was durable.
        await memory.DisposeAsync();
        await using var next = await swarm.Agent("a").OpenOrTakeOverAsync("track/1", runtime, TakeOver.Now, null, Token);
        Assert.Equal(fed, next.GetTokens());
    }

    [Fact]
    public async Task Flush_KvThatWillNotCome_FailsWhenTheInputsAreDurable()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime { FailsAt = 5 }, null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await Assert.ThrowsAsync<InvalidDataException>(() => memory.FeedAsync(new[] { 4, 5, 6 }, Token).AsTask());

        var flush = await Assert.ThrowsAsync<InvalidOperationException>(
            () => memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => memory.ReleaseAsync("", Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token));

        Assert.Contains("broken down", flush.Message, StringComparison.Ordinal);
        Assert.Equal(6, memory.Durable.Tokens);
        var close = await memory.CloseAsync(Token);
        Assert.Equal((false, 6L), (close.IsLossy, close.Durable.Tokens));
        Assert.InRange(close.WithoutKv, 3, 6);
        Assert.NotNull(close.Reason);
        await using var next = await swarm.Agent("b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
        Assert.Equal([1, 2, 3, 4, 5, 6], next.GetTokens());
    }
}
