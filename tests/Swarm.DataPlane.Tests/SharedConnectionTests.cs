using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>What one attachment does, or fails to do, costs the others of its connection nothing.</summary>
public sealed class SharedConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposeAsync_OneOfTwoSessions_EndsWhatItWaitsForAlone()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(640, rowBytes: 256);
        var (first, second) = (server.AddContext("c/1", runtime), server.AddContext("c/2", runtime));
        await using var client = await server.ConnectAsync(new DataPlaneClientOptions { ReadWindowBytes = 64 << 10 });
        var (leaving, observer, _) = await TestServer.AttachAsync(client, first, "c/1");
        var (staying, _, _) = await TestServer.AttachAsync(client, second, "c/2");
        for (var position = 0; position < 640; position += 16)
        {
            first.Serve(Payloads.Kv(runtime, position, 16), 1);
        }

        await (await staying.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));
        var gate = first.KvGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var append = await Payloads.SendKvAsync(leaving, runtime, 0, 16, Token);
        var runs = leaving.ReadKvAsync(0, 640, cancellationToken: Token).GetAsyncEnumerator(Token); // Nobody goes on with it.
        Assert.True(await runs.MoveNextAsync());
        await Poll.UntilAsync(() => first.HeldBytes > 0, Token, "the append to be on its way");
        var waiting = leaving.ReserveKvAsync(int.MaxValue / 64, int.MaxValue / 64, Token).AsTask();
        Assert.False(waiting.IsCompleted);

        await leaving.DisposeAsync();
        await leaving.DisposeAsync();

        Assert.True((await Assert.ThrowsAsync<SwarmTransportException>(() => append)).IsTransient);
        await Assert.ThrowsAsync<SwarmTransportException>(() => waiting);
        Assert.Equal(64, (await await Payloads.SendKvAsync(staying, runtime, 0, 64, Token)).Kv);
        await Poll.UntilAsync(() => first.RunsOut == 0, Token, "the silo's side of the read to end");
        runs.Current.Dispose();
        await Assert.ThrowsAsync<SwarmTransportException>(async () =>
        {
            while (await runs.MoveNextAsync())
            {
                runs.Current.Dispose(); // It had come before.
            }
        });
        await runs.DisposeAsync();
        gate.SetResult();
        await Poll.UntilAsync(
            () => server.Handler.AvailableIngestBytes == new DataPlaneServerOptions().IngestBytes, Token, "the budget to be whole");
        Assert.False(observer.Lost.Task.IsCompleted);
        Assert.Equal(1, server.Handler.ConnectionCount);
    }

    [Fact]
    public async Task ReserveKvAsync_ContextMovesMeanwhile_Ends()
    {
        var options = new DataPlaneServerOptions { IngestBytes = 100 << 10, AttachmentIngestBytes = 100 << 10 };
        await using var server = await TestServer.StartAsync(options);
        var context = server.AddContext("c/1", Payloads.Computed(1));
        server.AddContext("c/2", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");
        var (other, _, _) = await TestServer.AttachAsync(client, server.AddContext("c/3", Payloads.Computed(1)), "c/3");
        await other.ReserveKvAsync(100 << 10, 100 << 10, Token); // All there is.
        var waiting = session.ReserveKvAsync(50 << 10, 50 << 10, Token).AsTask();

        await context.CloseAsync(Token);

        await Assert.ThrowsAsync<SwarmTransportException>(() => waiting);
        await observer.Moved.Task.WaitAsync(Token);
        await Assert.ThrowsAsync<SwarmTransportException>(() => session.ReserveKvAsync(1, 1, Token).AsTask());
    }

    [Fact]
    public async Task SendInputs_ManyUnansweredOfOneSession_RefusesItAndNotTheOther()
    {
        var options = new DataPlaneServerOptions { MaxPendingRequests = 16 };
        await using var server = await TestServer.StartAsync(options);
        var slow = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (hoarder, _, _) = await TestServer.AttachAsync(client, slow, "c/1");
        var (other, _, _) = await TestServer.AttachAsync(client, server.AddContext("c/2", Payloads.Computed(1)), "c/2");
        slow.InputGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<Task<Watermarks>> appends = [];
        for (var index = 0; index < options.MaxPendingRequests; index++)
        {
            appends.Add(await hoarder.SendInputsAsync(Payloads.Inputs(index, 1), [], Token));
        }

        await AssertBusyAsync(() => hoarder.SendInputsAsync(Payloads.Inputs(16, 1), [], Token));
        Assert.Equal(1, (await await other.SendInputsAsync(Payloads.Inputs(0, 1), [], Token)).Tokens);

        slow.InputGate.SetResult();
        await Task.WhenAll(appends);
        Assert.Equal(17, (await await hoarder.SendInputsAsync(Payloads.Inputs(16, 1), [], Token)).Tokens);
    }

    [Fact]
    public async Task SendInputs_ManyUnansweredBytesOfOneSession_RefusesItAndNotTheOther()
    {
        const int tokens = 60_000; // 240 KB and a bit.
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { MaxPendingInputBytes = 1 << 20 });
        var slow = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (hoarder, _, _) = await TestServer.AttachAsync(client, slow, "c/1");
        var (other, _, _) = await TestServer.AttachAsync(client, server.AddContext("c/2", Payloads.Computed(1)), "c/2");
        slow.InputGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<Task<Watermarks>> appends = [];
        for (var index = 0; index < 4; index++)
        {
            appends.Add(await hoarder.SendInputsAsync(new InputRun(index * tokens, new int[tokens], new[] { tokens }), [], Token));
        }

        await AssertBusyAsync(() => hoarder.SendInputsAsync(new InputRun(4 * tokens, new int[tokens], new[] { tokens }), [], Token));
        Assert.Equal(tokens, (await await other.SendInputsAsync(new InputRun(0, new int[tokens], new[] { tokens }), [], Token)).Tokens);

        slow.InputGate.SetResult();
        await Task.WhenAll(appends);
        Assert.Equal(5 * tokens, (await await hoarder.SendInputsAsync(new InputRun(4 * tokens, new int[tokens], new[] { tokens }), [], Token)).Tokens);
    }

    /// <summary>A silo ends the connection of whoever sends these: so they are not sent.</summary>
    [Fact]
    public async Task MalformedRequests_AreRefusedHereAndTheConnectionLives()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");
        var longName = new string('n', Names.MaxContextLength + 1);
        Func<Task>[] requests =
        [
            () => client.AttachReaderAsync(longName, new Observer(), Token),
            () => client.AttachReaderAsync(new string('ä', Names.MaxContextLength), new Observer(), Token),
            () => client.AttachAsync(longName, session.Epoch, SessionSecret.Create(), new Observer(), Token),
            () => session.ReadInputsAsync(-1, 1, Token).ToListAsync(Token).AsTask(),
            () => session.ReadInputsAsync(0, -1, Token).ToListAsync(Token).AsTask(),
            () => session.ReadKvAsync(-1, 1, cancellationToken: Token).ToListAsync(Token).AsTask(),
            () => session.ReadKvAsync(0, -1, cancellationToken: Token).ToListAsync(Token).AsTask(),
            () => session.RewindAsync(-1, SessionSecret.Create(), Token),
            () => session.SendInputsAsync(new InputRun(-1, new int[1], new[] { 1 }), [], Token),
            () => session.SendInputsAsync(new InputRun(0, new int[2], new[] { 1 }), [], Token),
            () => session.SendInputsAsync(new InputRun(0, new int[2], new[] { 3, -1 }), [], Token),
            () => session.SendInputsAsync(new InputRun(0, new int[2], new[] { 0, 2 }), [], Token),
            () => session.SendInputsAsync(Payloads.Inputs(0, 1), [new NamedState(new string('s', Names.MaxStateLength + 1), 0, default)], Token),
            () => session.SendInputsAsync(Payloads.Inputs(0, 1), [new NamedState("s", -1, default)], Token),
            () => session.SendInputsAsync(Payloads.Inputs(0, 1), [new NamedState("s", 0, new byte[NamedState.MaxBytes + 1])], Token),
            () => session.SendKvAsync(new KvAppend(-1, 1, default, default), Token),
            () => session.SendKvAsync(new KvAppend(0, -1, default, default), Token),
        ];

        foreach (var request in requests)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(request);
        }

        Assert.Equal(3, (await await session.SendInputsAsync(Payloads.Inputs(0, 3), [], Token)).Tokens);
        Assert.False(observer.Lost.Task.IsCompleted);
    }

    [Fact]
    public async Task ReadKv_OneReaderDoesNotGoOn_TheOthersRead()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(640, rowBytes: 256);
        var context = server.AddContext("c/1", runtime);
        for (var position = 0; position < 640; position += 16)
        {
            context.Serve(Payloads.Kv(runtime, position, 16), 1);
        }

        await using var client = await server.ConnectAsync(new DataPlaneClientOptions { ReadWindowBytes = 64 << 10 });
        await using var reader = await client.AttachReaderAsync("c/1", new Observer(), Token);
        await using var stuck = reader.ReadKvAsync(0, 640, cancellationToken: Token).GetAsyncEnumerator(Token);
        Assert.True(await stuck.MoveNextAsync());
        await using var other = await client.AttachReaderAsync("c/1", new Observer(), Token);

        Assert.Equal(640, await CountAsync(reader));
        Assert.Equal(640, await CountAsync(other));
        stuck.Current.Dispose();
    }

    /// <summary>A connection that ends while an attach is answered tells the new attachment too, whoever of both is faster.</summary>
    [Fact]
    public async Task Attach_ConnectionEndsMeanwhile_FailsOrIsTold()
    {
        await using var server = await TestServer.StartAsync();
        server.AddContext("c/1", Payloads.Computed(1));
        for (var round = 0; round < 40; round++)
        {
            await using var client = await server.ConnectAsync();
            var observer = new Observer();
            var attaching = client.AttachReaderAsync("c/1", observer, Token);
            var ending = Task.Run(async () => await client.DisposeAsync(), Token);

            if (await Record.ExceptionAsync(() => attaching) is { } exception)
            {
                Assert.IsType<SwarmTransportException>(exception);
            }
            else
            {
                await observer.Lost.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
            }

            await ending;
        }
    }

    /// <summary>The same, where the connection has ended just before the attachment became known.</summary>
    [Fact]
    public async Task Attach_ConnectionHasEnded_IsTold()
    {
        await using var server = await TestServer.StartAsync();
        server.AddContext("c/1", Payloads.Computed(1));
        var client = await server.ConnectAsync();
        await client.DisposeAsync();
        var observer = new Observer();
        var attached = new Attached(1, 1, default, Payloads.Computed(1).Fingerprint.Value, 64, new byte[32], 0);

        client.Add(new DataPlaneAttachment(client, attached, observer));

        Assert.True(observer.Lost.Task.IsCompleted);
    }

    private static async Task<int> CountAsync(DataPlaneAttachment reader)
    {
        var positions = 0;
        await foreach (var run in reader.ReadKvAsync(0, 640, cancellationToken: Token))
        {
            positions += run.Count;
            run.Dispose();
        }

        return positions;
    }

    private static async Task AssertBusyAsync(Func<Task<Task<Watermarks>>> send)
    {
        var append = await send();
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => append);
        Assert.Equal((RefusalCode.Busy, true), (refused.Refusal.Code, refused.IsTransient));
    }
}
