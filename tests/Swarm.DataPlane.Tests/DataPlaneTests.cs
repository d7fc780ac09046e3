using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>What the protocol does when both sides keep to it.</summary>
public sealed class DataPlaneTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AppendAndRead_WholeContext_ComesBackByteForByte()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(300);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");

        var inputs = await session.SendInputsAsync(
            Payloads.Inputs(0, 300), [new NamedState("s", 300, new byte[] { 1, 2 })], Token);
        List<Task<Watermarks>> appends = [];
        for (var first = 0; first < 300; first += 60)
        {
            appends.Add(await Payloads.SendKvAsync(session, runtime, first, 60, Token));
        }

        Assert.Equal(300, (await inputs).Tokens);
        Assert.Equal(new Watermarks(300, 300), (await Task.WhenAll(appends))[^1]);
        await Poll.UntilAsync(() => observer.Durable == new Watermarks(300, 300), Token, "the push of the watermarks");
        await using var reader = await client.AttachReaderAsync("c/1", new Observer(), Token);
        var read = await reader.ReadInputsAsync(0, 300, Token).SingleAsync(Token);
        Assert.Equal(Payloads.Inputs(0, 300).Tokens.ToArray(), read.Tokens.ToArray());
        Assert.Equal(new byte[] { 1, 2 }, (await reader.ReadStatesAsync(Token)).Single().Content.ToArray());
        var next = 0;
        await foreach (var run in reader.ReadKvAsync(0, 300, cancellationToken: Token))
        {
            using (run)
            {
                var sent = Payloads.Kv(runtime, next, 60);
                Assert.Equal((sent.FirstPosition, sent.Count, sent.PrefixHash), (run.FirstPosition, run.Count, run.PrefixHash));
                Assert.True(sent.Frames.Span.SequenceEqual(run.Frames.Span), $"bytes of the run at {next} differ");
                next += 60;
            }
        }

        Assert.Equal(300, next);
        await AssertNothingHeldAsync(server, client, context);
    }

    [Fact]
    public async Task Attach_WrongSecretOrEpoch_IsRefused()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, _, secret) = await TestServer.AttachAsync(client, context, "c/1");

        await Assert.ThrowsAsync<StaleEpochException>(
            () => client.AttachAsync("c/1", session.Epoch, SessionSecret.Create(), new Observer(), Token));
        await Assert.ThrowsAsync<StaleEpochException>(
            () => client.AttachAsync("c/1", session.Epoch.Next, secret, new Observer(), Token));
        var moved = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => client.AttachReaderAsync("c/2", new Observer(), Token));
        var invalid = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => client.AttachReaderAsync("C!", new Observer(), Token));
        Assert.Equal(RefusalCode.Moved, moved.Refusal.Code);
        Assert.Equal(RefusalCode.Invalid, invalid.Refusal.Code);
    }

    [Fact]
    public async Task Connect_WrongToken_IsRefusedWithoutWaiting()
    {
        await using var server = await TestServer.StartAsync();

        var exception = await Assert.ThrowsAsync<SwarmRefusedException>(() => DataPlaneClient.ConnectAsync(
            server.Endpoint, MemoryHost.Tenant, "wrong", new DataPlaneClientOptions(), TimeProvider.System, null, Token));

        Assert.Equal(RefusalCode.Unauthorized, exception.Refusal.Code);
    }

    [Fact]
    public async Task Connect_NobodyThere_NamesTheEndpointAndWhatToCheck()
    {
        DataPlaneEndpoint endpoint;
        await using (var server = await TestServer.StartAsync())
        {
            endpoint = server.Endpoint;
        }

        var exception = await Assert.ThrowsAsync<SwarmTransportException>(() => DataPlaneClient.ConnectAsync(
            endpoint, MemoryHost.Tenant, "x", new DataPlaneClientOptions(), TimeProvider.System, null, Token));

        Assert.Contains(endpoint.ToString(), exception.Message, StringComparison.Ordinal);
        Assert.Contains("Check", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Acquire_BySomebodyElse_FencesTheSessionAndRefusesWhatItSends()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(64);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));

        var granted = await context.AcquireAsync(new AcquireRequest("other", default, session.Epoch), Token);
        var late = await session.SendInputsAsync(Payloads.Inputs(64, 1), [], Token);

        Assert.Equal(granted.Epoch, await observer.Fenced.Task.WaitAsync(Token));
        await Assert.ThrowsAnyAsync<SwarmRefusedException>(() => late);
        Assert.Equal(64, context.Status.Durable.Tokens);
    }

    [Fact]
    public async Task Rewind_OwnSession_KeepsTheAttachment()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));

        var granted = await session.RewindAsync(10, SessionSecret.Create(), Token);
        var durable = await (await session.SendInputsAsync(Payloads.Inputs(10, 5), [], Token));

        Assert.Equal(10, granted.Durable.Tokens);
        Assert.Equal(15, durable.Tokens);
        Assert.Equal(granted.Epoch, session.Epoch);
        Assert.False(observer.Fenced.Task.IsCompleted);
    }

    [Fact]
    public async Task AppendKv_AnsweredBehindARewind_RaisesNoWatermark()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(64);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (context.KvGate, context.Discards, context.KvAnswer) = (gate, true, new Watermarks(64, 64));
        var append = await Payloads.SendKvAsync(session, runtime, 0, 64, Token);
        await Poll.UntilAsync(() => context.HeldBytes > 0, Token, "the append to be on its way");

        var granted = await session.RewindAsync(10, SessionSecret.Create(), Token);
        gate.SetResult();
        await append;

        Assert.Equal(new Watermarks(10, 0), granted.Durable);
        Assert.Equal((granted.Epoch, granted.Durable), (session.Epoch, session.Durable));
    }

    [Fact]
    public async Task Close_OnTheSilo_TellsEveryAttachment()
    {
        await using var server = await TestServer.StartAsync();
        var context = server.AddContext("c/1", Payloads.Computed(1));
        await using var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");

        await context.CloseAsync(Token);
        await observer.Moved.Task.WaitAsync(Token);
        var late = await session.SendInputsAsync(Payloads.Inputs(0, 1), [], Token);

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => late);
        Assert.Equal(RefusalCode.Moved, refused.Refusal.Code);
    }

    [Fact]
    public async Task AppendKv_DamagedPayload_IsRefusedAndTheConnectionLives()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(64);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));
        var kv = Payloads.Kv(runtime, 0, 64);
        var damaged = kv.Frames.ToArray();
        damaged[^1] ^= 1;

        await session.ReserveKvAsync(damaged.Length, damaged.Length, Token);
        var append = await session.SendKvAsync(kv with { Frames = damaged }, Token);
        await Assert.ThrowsAsync<CorruptDataException>(() => append);
        Assert.Equal(64, (await (await Payloads.SendKvAsync(session, runtime, 0, 64, Token))).Kv);
        await AssertNothingHeldAsync(server, client, context);
    }

    [Fact]
    public async Task AppendKv_ManyContextsWithoutProgress_StayWithinTheBudget()
    {
        var options = new DataPlaneServerOptions { IngestBytes = 400 << 10, AttachmentIngestBytes = 100 << 10 };
        await using var server = await TestServer.StartAsync(options);
        var runtime = Payloads.Computed(64, rowBytes: 256);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var client = await server.ConnectAsync();
        List<MemoryContext> contexts = [];
        List<Task> sending = [];
        for (var index = 0; index < 16; index++)
        {
            var name = $"c/{index}";
            var context = server.AddContext(name, runtime);
            context.KvGate = gate;
            contexts.Add(context);
            var (session, _, _) = await TestServer.AttachAsync(client, context, name);
            await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));
            sending.Add(SendAllAsync(session));
        }

        await Poll.UntilAsync(() => server.Handler.AvailableIngestBytes < 64 << 10, Token, "the budget to be used up");
        Assert.InRange(contexts.Sum(context => context.HeldBytes), 1, options.IngestBytes);
        Assert.InRange(server.Handler.AvailableIngestBytes, 0, options.IngestBytes);
        gate.SetResult();
        await Task.WhenAll(sending);

        Assert.All(contexts, context => Assert.InRange(context.MaxHeldBytes, 1, options.AttachmentIngestBytes));
        Assert.All(contexts, context => Assert.Equal(64, context.Status.Durable.Kv));
        await Poll.UntilAsync(() => server.Handler.AvailableIngestBytes == options.IngestBytes, Token, "the budget to be whole");

        async Task SendAllAsync(DataPlaneSession session)
        {
            List<Task> appends = [];
            for (var first = 0; first < 64; first += 16)
            {
                appends.Add(await Payloads.SendKvAsync(session, runtime, first, 16, Token));
            }

            await Task.WhenAll(appends);
        }
    }

    [Fact]
    public async Task ReadKv_ReaderThatDoesNotGoOn_HoldsNoMoreThanItsWindow()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(640, rowBytes: 256);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync(new DataPlaneClientOptions { ReadWindowBytes = 64 << 10 });
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 640), [], Token));
        for (var first = 0; first < 640; first += 16)
        {
            await (await Payloads.SendKvAsync(session, runtime, first, 16, Token));
        }

        await using (var runs = session.ReadKvAsync(0, 640, cancellationToken: Token).GetAsyncEnumerator(Token))
        {
            Assert.True(await runs.MoveNextAsync());
            var size = runs.Current.Frames.Length;
            var fitting = (64 << 10) / size;
            await Poll.UntilAsync(() => client.Buffers.RentedCount >= fitting, Token, "the window to fill");
            _ = await session.ReadStatesAsync(Token); // Whatever else was on its way came before this answer.
            Assert.InRange(client.Buffers.RentedCount, fitting, fitting + 1); // One more: the reader's next header.
            runs.Current.Dispose();
        }

        await AssertNothingHeldAsync(server, client, context);
        var positions = 0;
        await foreach (var run in session.ReadKvAsync(0, 640, cancellationToken: Token))
        {
            positions += run.Count;
            run.Dispose();
        }

        Assert.Equal(640, positions);
    }

    [Fact]
    public async Task ReadKv_RunLargerThanTheWindow_GoesAlone()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(512, rowBytes: 256);
        var context = server.AddContext("c/1", runtime);
        await using var client = await server.ConnectAsync(new DataPlaneClientOptions { ReadWindowBytes = 64 << 10 });
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 512), [], Token));
        await (await Payloads.SendKvAsync(session, runtime, 0, 256, Token));
        await (await Payloads.SendKvAsync(session, runtime, 256, 256, Token));

        var positions = 0;
        await foreach (var run in session.ReadKvAsync(0, 512, cancellationToken: Token))
        {
            Assert.True(run.Frames.Length > 64 << 10);
            positions += run.Count;
            run.Dispose();
        }

        Assert.Equal(512, positions);
    }

    [Fact]
    public async Task Dispose_ClientInTheMiddleOfEverything_LeavesNothingOnTheServer()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(64, rowBytes: 256);
        var context = server.AddContext("c/1", runtime);
        context.KvGate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var client = await server.ConnectAsync();
        var (session, observer, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, 64), [], Token));
        var append = await Payloads.SendKvAsync(session, runtime, 0, 64, Token);

        await client.DisposeAsync();
        var exception = await Assert.ThrowsAsync<SwarmTransportException>(() => append);
        Assert.True(exception.IsTransient);
        await observer.Lost.Task.WaitAsync(Token);
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "the connection to be gone");
        context.KvGate.SetResult();
        await AssertNothingHeldAsync(server, client, context);
        await Poll.UntilAsync(
            () => server.Handler.AvailableIngestBytes == new DataPlaneServerOptions().IngestBytes, Token, "the budget to be whole");
    }

    private static async Task AssertNothingHeldAsync(TestServer server, DataPlaneClient client, MemoryContext context)
    {
        // One buffer of 0 bytes may be a body that is being dispatched just now.
        await Poll.UntilAsync(() => server.Handler.Buffers.RentedCount == 0, Token, "the server's buffers to come back");
        await Poll.UntilAsync(() => client.Buffers.RentedCount == 0, Token, "the client's buffers to come back");
        await Poll.UntilAsync(() => context.RunsOut == 0, Token, "the runs to be disposed");
        Assert.Equal(0, context.HeldBytes);
    }
}
