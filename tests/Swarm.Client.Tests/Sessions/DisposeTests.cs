using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>Whoever ends a session learns what of it is not durable.</summary>
public sealed class DisposeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dispose_InputsThatAreNotDurable_ThrowsWithThemAndWhatToDo()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), Options(), Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 4, 5 }, [("map", new byte[] { 1 })], Token);
        await memory.FeedAsync(new[] { 6 }, Token);

        var lost = await Assert.ThrowsAsync<NotDurableException>(() => memory.DisposeAsync().AsTask());

        Assert.Equal((6L, 3L), (lost.Close.Length, lost.Close.Durable.Tokens));
        Assert.Equal(3, lost.Close.GivenUp.FirstPosition);
        Assert.Equal([4, 5, 6], lost.Close.GivenUp.Tokens.ToArray());
        Assert.Equal([2, 1], lost.Close.GivenUp.Steps.ToArray());
        Assert.Equal(["map"], lost.Close.StatesGivenUp);
        foreach (var part in (string[])["drone-a", "track/1", "3 of 6 positions", "map", "3 positions are durable, 3 of them with KV", "FlushAsync", "DrainTimeout", "SpoolPath"])
        {
            Assert.Contains(part, lost.Message, StringComparison.Ordinal);
        }

        await memory.DisposeAsync(); // Said once.
        Assert.Same(lost.Close, await memory.CloseAsync(Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => memory.FeedAsync(new[] { 7 }, Token).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => memory.FlushAsync(Token).AsTask());
    }

    [Fact]
    public async Task Dispose_StateAloneThatIsNotDurable_ThrowsToo()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), Options(), Token);
        proxy.Stop();
        memory.SetState("map", new byte[] { 1 });

        var lost = await Assert.ThrowsAsync<NotDurableException>(() => memory.DisposeAsync().AsTask());

        Assert.Equal(["map"], lost.Close.StatesGivenUp);
    }

    [Fact]
    public async Task Dispose_WithASpool_ThrowsNothingAndTellsWhereInputsAre()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = Options();
        options.SpoolPath = root.Path;
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.DisposeAsync();
        var close = await memory.CloseAsync(Token);
        proxy.Mend();
        await using var again = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);

        Assert.Equal((false, 3L), (close.IsLossy, close.Spooled));
        Assert.StartsWith(root.Path, close.SpoolPath, StringComparison.Ordinal);
        Assert.NotNull(close.Reason);
        Assert.Equal([1, 2, 3], again.GetTokens());
    }

    [Fact]
    public async Task Close_InPlaceOfDispose_TellsWithoutThrowing()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var patient = Options();
        patient.DrainTimeout = TimeSpan.FromHours(1);
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), patient, Token);
        await using var durable = await swarm.Agent("drone-a").OpenAsync("track/2", new ToyRuntime(), patient, Token);
        await durable.FeedAsync(new[] { 1 }, Token);
        var clean = await durable.CloseAsync(Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);

        var close = await memory.CloseAsync(new CancellationToken(canceled: true));

        Assert.Equal((true, 0L), (close.IsLossy, close.Durable.Tokens));
        Assert.Equal((false, 1L, 0L, null), (clean.IsLossy, clean.Durable.Kv, clean.WithoutKv, clean.Reason));
    }

    [Fact]
    public async Task Dispose_WhileAnotherExceptionIsOnItsWay_LeavesThatOneWhereAsked()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = Options();
        options.ThrowIfNotDurable = false;

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
            proxy.Stop();
            await memory.FeedAsync(new[] { 1 }, Token);
            throw new InvalidDataException("A sensor broke.");
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_FencedSession_ThrowsUnlessACallHasSaidSo(bool isTold)
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var cut = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        await using var swarm = await silo.ConnectAsync();
        var memory = await cut.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), Options(), Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 1, 2 }, Token);
        await using var b = await swarm.Agent("drone-b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, null, Token);
        proxy.Mend();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), memory.Fenced));
        if (isTold)
        {
            await Assert.ThrowsAsync<StaleEpochException>(() => memory.FeedAsync(new[] { 3 }, Token).AsTask());
            await memory.DisposeAsync();
            return;
        }

        var lost = await Assert.ThrowsAsync<NotDurableException>(() => memory.DisposeAsync().AsTask());
        Assert.Contains("GetLeftoverAsync", lost.Message, StringComparison.Ordinal);
        var left = await memory.GetLeftoverAsync(Token);
        Assert.Equal([1, 2], left!.Inputs.Tokens.ToArray());
    }

    [Fact]
    public async Task Dispose_WhileStepsRunAndWait_EndsThemAndFreesTheRuntime()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = Options();
        options.MaxUndurableTokens = 10;
        options.ThrowIfNotDurable = false;
        var runtime = new ToyRuntime();
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", runtime, options, Token);
        proxy.Stop();
        await memory.FeedAsync(new int[11], Token);
        var waiting = memory.FeedAsync(new int[1], Token).AsTask();
        var queued = memory.GenerateAsync(1, null, Token).AsTask();

        await memory.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queued);
        proxy.Mend();
        await using var next = await swarm.Agent("drone-b").OpenAsync("track/2", runtime, null, Token);
    }

    [Fact]
    public async Task Dispose_WhileCloseRuns_EndsWhenNothingOfTheSessionRuns()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        await using var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var options = Options();
        options.DrainTimeout = TimeSpan.FromHours(1);
        var runtime = new ToyRuntime();
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", runtime, options, Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 1 }, Token);
        using var cancel = new CancellationTokenSource();
        var closing = memory.CloseAsync(cancel.Token).AsTask();

        var disposing = memory.DisposeAsync().AsTask();

        Assert.False(disposing.IsCompleted);
        await cancel.CancelAsync();
        await disposing.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.StartsWith("CloseAsync was cancelled before the drain ended", (await closing).Reason, StringComparison.Ordinal);
        proxy.Mend();
        await using var next = await swarm.Agent("drone-b").OpenAsync("track/2", runtime, null, Token);
    }

    // It cannot connect again: whoever waits is told, and does not wait for ever.
    [Fact]
    public async Task Flush_ConnectionLostAfterTheClientWasDisposed_Fails()
    {
        await using var silo = await Silo.StartAsync();
        await using var proxy = new CuttingProxy(silo.DataPlane);
        var swarm = await silo.ConnectAsync(dataPlane: proxy.Endpoint);
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), Options(), Token);
        await memory.FeedAsync(new[] { 1 }, Token);
        await swarm.DisposeAsync();
        await memory.FlushAsync(Token);
        proxy.Stop();
        await memory.FeedAsync(new[] { 2 }, Token);

        var lost = await Assert.ThrowsAsync<SwarmTransportException>(() => memory.FlushAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token));

        Assert.False(lost.IsTransient);
        Assert.Contains("client was disposed", lost.Message, StringComparison.Ordinal);
        var close = await memory.CloseAsync(Token);
        Assert.Equal([2], close.GivenUp.Tokens.ToArray());
    }

    [Fact]
    public async Task Release_WithASpool_LeavesNoneToGoOnWith()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var options = Options();
        options.SpoolPath = root.Path;
        var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), options, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.ReleaseAsync("", Token);

        var close = await memory.CloseAsync(Token);

        Assert.Equal((3L, 0L, null, null), (close.Durable.Tokens, close.Spooled, close.SpoolPath, close.Reason));
    }

    [Fact]
    public async Task Generate_Cancelled_HandsOverTheTokensThatTheContextHas()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await swarm.Agent("drone-a").OpenAsync("track/1", new ToyRuntime(), null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        using var cancel = new CancellationTokenSource();
        var generating = Task.Run(() => memory.GenerateAsync(4000, null, cancel.Token).AsTask(), Token);
        while (memory.Length < 10)
        {
            await Task.Yield();
        }

        await cancel.CancelAsync();
        var cancelled = await Assert.ThrowsAsync<GenerationCanceledException>(() => generating);

        Assert.Equal(cancel.Token, cancelled.CancellationToken);
        Assert.InRange(cancelled.Tokens.Count, 7, 3999);
        Assert.Equal(memory.Length, 3 + cancelled.Tokens.Count);
        Assert.Equal([1, 2, 3, .. cancelled.Tokens], memory.GetTokens());
        await memory.ReleaseAsync("", Token);
        await using var next = await swarm.Agent("drone-b").OpenAsync("track/1", new ToyRuntime(), null, Token);
        Assert.Equal([1, 2, 3, .. cancelled.Tokens], next.GetTokens());
    }

    private static MemoryOptions Options() => new() { DrainTimeout = TimeSpan.FromMilliseconds(100) };
}
