using Microsoft.Extensions.Time.Testing;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Connections are shared, followed by another one when they are full, left when they are lost, and closed when nobody uses them.</summary>
public sealed class DataPlanePoolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RentAsync_ManyAtOnce_ShareOneConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var pool = TestServer.CreatePool();

        var rented = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => pool.RentAsync(server.Endpoint, Token).AsTask())));

        var client = Assert.Single(rented.Select(connection => connection.Client).Distinct());
        Assert.Equal((1, 1), (server.Handler.ConnectionCount, pool.ConnectionCount));
        Assert.True((await pool.RentAsync(server.Endpoint, Token)).IsReused);
        Assert.False(client.IsLost);
    }

    [Fact]
    public async Task RentAsync_OneOfThoseWhoWaitCancels_TheOthersGetTheConnection()
    {
        await using var silo = new FakeSilo();
        await using var pool = TestServer.CreatePool();
        using var first = new CancellationTokenSource();
        var cancelled = pool.RentAsync(silo.Endpoint, first.Token).AsTask();
        var waiting = pool.RentAsync(silo.Endpoint, Token).AsTask();
        await silo.AcceptAsync();

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(waiting.IsCompleted);
        await silo.GreetAsync();

        await using var rented = await waiting;
        Assert.False(rented.IsReused);
    }

    /// <summary>Nobody waits any more: the connection is kept for the next one, or is closed.</summary>
    [Theory]
    [InlineData(30, 1)]
    [InlineData(0, 0)]
    public async Task RentAsync_AllWhoWaitCancel_LeavesNoMoreThanAnIdleConnection(int idleSeconds, int expected)
    {
        await using var silo = new FakeSilo();
        await using var pool = TestServer.CreatePool(new DataPlanePoolOptions { IdleTimeout = TimeSpan.FromSeconds(idleSeconds) });
        using var cancellation = new CancellationTokenSource();
        var waiting = pool.RentAsync(silo.Endpoint, cancellation.Token).AsTask();
        await silo.AcceptAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        await silo.GreetAsync();

        if (expected == 0)
        {
            await Assert.ThrowsAnyAsync<Exception>(() => silo.ReceiveAsync(FrameType.Attach)); // Closed.
        }
        else
        {
            await Poll.UntilAsync(() => pool.ConnectionCount == 1, Token, "the connection");
            Assert.True((await pool.RentAsync(silo.Endpoint, Token)).IsReused);
        }

        Assert.Equal(expected, pool.ConnectionCount);
    }

    [Fact]
    public async Task RentAsync_ConnectFails_AllWhoWaitAreToldAndTheNextOneTriesAgain()
    {
        await using var silo = new FakeSilo();
        await using var pool = TestServer.CreatePool();
        var waiting = Enumerable.Range(0, 5).Select(_ => pool.RentAsync(silo.Endpoint, Token).AsTask()).ToArray();
        await silo.AcceptAsync();
        silo.Close();

        foreach (var rent in waiting)
        {
            Assert.True((await Assert.ThrowsAsync<SwarmTransportException>(() => rent)).IsTransient);
        }

        var next = pool.RentAsync(silo.Endpoint, Token).AsTask();
        await silo.AcceptAsync();
        await silo.GreetAsync();
        await using var rented = await next;
    }

    [Fact]
    public async Task RentAsync_ConnectionLost_IsNotHandedOutAgain()
    {
        await using var server = await TestServer.StartAsync();
        await using var pool = TestServer.CreatePool();
        var lost = await pool.RentAsync(server.Endpoint, Token);
        var idle = await pool.RentAsync(server.Endpoint, Token);
        await idle.DisposeAsync();

        lost.Client.Channel.Abort("cut");
        await Poll.UntilAsync(() => lost.Client.IsLost, Token, "the loss to be noticed");
        await using var next = await pool.RentAsync(server.Endpoint, Token);

        Assert.NotSame(lost.Client, next.Client);
        Assert.False(next.Client.IsLost);
        await lost.DisposeAsync();
        Assert.Equal(1, pool.ConnectionCount);
    }

    /// <summary>Who is told of the loss may attach again at once, before anything else has heard of it.</summary>
    [Fact]
    public async Task RentAsync_ByWhoIsBeingToldOfTheLoss_GivesAnotherConnection()
    {
        await using var server = await TestServer.StartAsync();
        server.AddContext("c/1", Payloads.Computed(1));
        await using var pool = TestServer.CreatePool();
        var lost = await pool.RentAsync(server.Endpoint, Token);
        var again = new AttachesAgain(() => pool.RentAsync(server.Endpoint, Token).AsTask());
        await lost.Client.AttachReaderAsync("c/1", again, Token);

        lost.Client.Channel.Abort("cut");
        var next = await (await again.Rented.Task.WaitAsync(Token)).WaitAsync(Token);

        Assert.NotSame(lost.Client, next.Client);
        Assert.False(next.Client.IsLost);
    }

    [Fact]
    public async Task RentAsync_ConnectionThatSaysNothing_IsNotHandedOutAndStaysWithThoseWhoHaveIt()
    {
        var clock = new FakeTimeProvider();
        await using var silo = new FakeSilo();
        await using var pool = TestServer.CreatePool(clock: clock);
        var waiting = pool.RentAsync(silo.Endpoint, Token).AsTask();
        await silo.AcceptAsync();
        await silo.GreetAsync();
        await using var silent = await waiting;
        await using (var same = await pool.RentAsync(silo.Endpoint, Token))
        {
            Assert.Same(silent.Client, same.Client);
        }

        clock.Advance(TimeSpan.FromSeconds(6)); // Of 15 that it may be silent.
        var next = pool.RentAsync(silo.Endpoint, Token).AsTask();
        await silo.AcceptAsync();
        await silo.GreetAsync();

        await using var another = await next;
        Assert.NotSame(silent.Client, another.Client);
        Assert.False(silent.Client.IsLost);
    }

    [Fact]
    public async Task RentAsync_ConnectionFull_OpensAnother()
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { MaxAttachments = 2 });
        server.AddContext("c/1", Payloads.Computed(1));
        await using var pool = TestServer.CreatePool();

        // All at once: how many fit is known once the first connection is there.
        var rented = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => pool.RentAsync(server.Endpoint, Token).AsTask()));
        foreach (var connection in rented)
        {
            await connection.Client.AttachReaderAsync("c/1", new Observer(), Token);
        }

        Assert.Equal(3, pool.ConnectionCount);
        Assert.All(rented.CountBy(connection => connection.Client), count => Assert.InRange(count.Value, 1, 2));
    }

    [Fact]
    public async Task RentAsync_SeveralPerSilo_SharesTheOneThatIsUsedLeast()
    {
        await using var server = await TestServer.StartAsync();
        await using var pool = TestServer.CreatePool(new DataPlanePoolOptions { ConnectionsPerSilo = 3 });
        List<PooledConnection> rented = [];
        for (var index = 0; index < 9; index++)
        {
            rented.Add(await pool.RentAsync(server.Endpoint, Token));
        }

        Assert.Equal(3, pool.ConnectionCount);
        Assert.All(rented.CountBy(connection => connection.Client), count => Assert.Equal(3, count.Value));
        await rented[4].DisposeAsync();

        await using var next = await pool.RentAsync(server.Endpoint, Token);
        Assert.Same(rented[4].Client, next.Client);
    }

    [Fact]
    public async Task DisposeAsync_LastOneGivesItBack_ConnectionStaysForTheIdleTime()
    {
        var clock = new FakeTimeProvider();
        await using var server = await TestServer.StartAsync();
        var patient = new DataPlaneClientOptions { PingInterval = TimeSpan.FromMinutes(1), SilenceTimeout = TimeSpan.FromHours(1) };
        await using var pool = TestServer.CreatePool(connection: patient, clock: clock);
        var first = await pool.RentAsync(server.Endpoint, Token);
        var client = first.Client;
        await first.DisposeAsync();
        await first.DisposeAsync(); // Counts once.

        clock.Advance(TimeSpan.FromSeconds(29));
        await using (var second = await pool.RentAsync(server.Endpoint, Token))
        {
            Assert.Same(client, second.Client);
            clock.Advance(TimeSpan.FromSeconds(10)); // In use: not closed by the deadline of before.
        }

        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(client.IsLost);
        clock.Advance(TimeSpan.FromSeconds(1));

        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "the connection to be closed");
        Assert.True(client.IsLost);
        await using var next = await pool.RentAsync(server.Endpoint, Token);
        Assert.False(next.IsReused);
    }

    [Fact]
    public async Task Retire_Connection_GoesToNobodyElseAndIsClosedByTheLast()
    {
        await using var server = await TestServer.StartAsync();
        await using var pool = TestServer.CreatePool();
        var first = await pool.RentAsync(server.Endpoint, Token);
        var second = await pool.RentAsync(server.Endpoint, Token);

        first.Retire();
        await first.DisposeAsync();
        await using var next = await pool.RentAsync(server.Endpoint, Token);

        Assert.NotSame(second.Client, next.Client);
        Assert.False(second.Client.IsLost);
        await second.DisposeAsync();
        Assert.True(second.Client.IsLost);
    }

    [Fact]
    public async Task DisposeAsync_Pool_ClosesWhatIsIdleAndLeavesWhatIsUsed()
    {
        await using var server = await TestServer.StartAsync();
        await using var other = await TestServer.StartAsync();
        server.AddContext("c/1", Payloads.Computed(1));
        var pool = TestServer.CreatePool();
        var used = await pool.RentAsync(server.Endpoint, Token);
        await (await pool.RentAsync(other.Endpoint, Token)).DisposeAsync();

        await pool.DisposeAsync();
        await pool.DisposeAsync();

        await Poll.UntilAsync(() => other.Handler.ConnectionCount == 0, Token, "the idle connection to be closed");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.RentAsync(server.Endpoint, Token).AsTask());
        await using (await used.Client.AttachReaderAsync("c/1", new Observer(), Token))
        {
            // It goes on.
        }

        await used.DisposeAsync();
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "the last connection to be closed");
    }

    [Fact]
    public async Task DisposeAsync_PoolThatConnects_TellsThoseWhoWait()
    {
        await using var silo = new FakeSilo();
        var pool = TestServer.CreatePool();
        var waiting = pool.RentAsync(silo.Endpoint, Token).AsTask();
        await silo.AcceptAsync();

        await pool.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Equal(0, pool.ConnectionCount);
    }

    /// <summary>The silo attaches although nobody waits any more: the place is not free before it was told to detach.</summary>
    [Fact]
    public async Task Attach_Cancelled_IsUndoneAndTakesNobodysPlace()
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { MaxAttachments = 1 });
        server.AddContext("c/1", Payloads.Computed(1));
        await using var pool = TestServer.CreatePool();
        var rented = await pool.RentAsync(server.Endpoint, Token);
        server.Contexts.KeyGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var cancellation = new CancellationTokenSource();
        var attaching = rented.Client.AttachReaderAsync("c/1", new Observer(), cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attaching);
        await rented.DisposeAsync();

        await using (var meanwhile = await pool.RentAsync(server.Endpoint, Token))
        {
            Assert.NotSame(rented.Client, meanwhile.Client);
        }

        server.Contexts.KeyGate.SetResult();
        await Poll.UntilAsync(() => rented.Client.AbandonedAttaches == 0, Token, "the attach to be undone");
        await using var attached = await rented.Client.AttachReaderAsync("c/1", new Observer(), Token); // There is room.
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(1, -1)]
    [InlineData(1, 86_401)]
    public void Constructor_SettingsOutOfRange_NamesThem(int connections, int idleSeconds)
    {
        var options = new DataPlanePoolOptions { ConnectionsPerSilo = connections, IdleTimeout = TimeSpan.FromSeconds(idleSeconds) };

        var error = Assert.Throws<ArgumentException>(() => TestServer.CreatePool(options));

        Assert.Contains(connections == 0 ? nameof(options.ConnectionsPerSilo) : nameof(options.IdleTimeout), error.Message, StringComparison.Ordinal);
    }

    private sealed class AttachesAgain(Func<Task<PooledConnection>> rent) : IDataPlaneObserver
    {
        public TaskCompletionSource<Task<PooledConnection>> Rented { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnDurable(Epoch epoch, Watermarks durable)
        {
            // Not looked at.
        }

        public void OnFenced(Epoch current)
        {
            // A reader is not fenced.
        }

        public void OnMoved()
        {
            // It does not move.
        }

        public void OnLost(Exception exception) => Rented.TrySetResult(rent());
    }
}
