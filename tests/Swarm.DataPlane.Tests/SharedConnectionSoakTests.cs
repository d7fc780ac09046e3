using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>
/// Sessions that share connections append, read, give up, detach, are fenced and lose the connection, all at once: each gets its own bytes, and
/// memory that was given back to its owner stays as the owner left it. Promises 3 and 4.
/// </summary>
public sealed class SharedConnectionSoakTests
{
    private const int Sessions = 6;
    private const int Positions = 400;

    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Everything_AtOnce_KeepsSessionsApart(int connectionsPerSilo)
    {
        var options = new DataPlaneServerOptions { MaxAttachments = Sessions, IngestBytes = 1 << 20, AttachmentIngestBytes = 1 << 18 };
        await using var server = await TestServer.StartAsync(options);
        await using var pool = TestServer.CreatePool(
            new DataPlanePoolOptions { ConnectionsPerSilo = connectionsPerSilo },
            new DataPlaneClientOptions { ReadWindowBytes = 1 << 18 });
        var actors = Enumerable.Range(0, Sessions).Select(index => new Actor(server, pool, index, _seeded.Fork())).ToArray();

        await Task.WhenAll(actors.Select(actor => Task.Run(() => actor.RunAsync(80), Token)));

        var clients = actors.SelectMany(actor => actor.Clients).Distinct().ToArray();
        Assert.All(actors, actor => actor.AssertGivenBackIsUntouched());
        Assert.True(actors.Sum(actor => actor.GivenUp) > 0 && actors.Sum(actor => actor.Verified) > 0, "too kind: nothing was given up, or verified");
        await Poll.UntilAsync(() => server.Handler.AvailableIngestBytes == options.IngestBytes, Token, "the budget to be whole");
        await Poll.UntilAsync(() => server.Handler.Buffers.RentedCount == 0, Token, "the server's buffers to come back");
        await Poll.UntilAsync(() => clients.All(client => client.Buffers.RentedCount == 0), Token, "the clients' buffers to come back");
        await Poll.UntilAsync(() => actors.All(actor => actor.Context.RunsOut == 0), Token, "the silo's reads to end");
        await pool.DisposeAsync();
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token, "every connection to be closed");
    }

    /// <summary>One session: what it does is drawn, what it gets is checked.</summary>
    private sealed class Actor(TestServer server, DataPlanePool pool, int index, Random random)
    {
        private const byte OwnersMark = 0x77;

        private readonly string _name = $"c/{index}";
        private readonly int _rowBytes = index % 2 == 0 ? 256 : 6144; // Small rows come by way of a buffer, large ones straight from the socket.
        private readonly List<ToyRuntime> _givenBack = [];
        private ToyRuntime? _source;
        private MemoryContext? _context;
        private SessionSecret _secret = SessionSecret.Create();
        private PooledConnection? _connection;
        private DataPlaneSession? _session;

        public MemoryContext Context => _context!;

        /// <summary>Connections that it has used.</summary>
        public HashSet<DataPlaneClient> Clients { get; } = [];

        /// <summary>Reads into a runtime that were stopped.</summary>
        public int GivenUp => _givenBack.Count;

        /// <summary>Reads whose every byte was compared.</summary>
        public int Verified { get; private set; }

        public async Task RunAsync(int operations)
        {
            _source = Payloads.Computed(Positions, _rowBytes, seed: index * 11);
            lock (server)
            {
                _context = server.AddContext(_name, _source);
            }

            await AcquireAsync();
            for (var operation = 0; operation < operations; operation++)
            {
                try
                {
                    await (random.Next(16) switch
                    {
                        < 5 => AppendAsync(),
                        < 7 => ReadIntoBuffersAsync(),
                        < 9 => ReadInPlaceAsync(),
                        < 12 => GiveReadUpAsync(),
                        12 => AttachAgainAsync(),
                        13 => GiveAttachUpAsync(),
                        14 => BeFencedAsync(),
                        _ => random.Next(4) == 0 ? CutAsync() : HeartbeatAsync(),
                    });
                }
                catch (SwarmTransportException)
                {
                    await AcquireAsync(); // Somebody has cut the connection. In a new epoch: what was on its way never counts.
                }
            }

            await DetachAsync();
        }

        public void AssertGivenBackIsUntouched()
        {
            foreach (var runtime in _givenBack)
            {
                for (var layer = 0; layer < 2; layer++)
                {
                    for (var stream = 0; stream < 2; stream++)
                    {
                        for (var position = 0; position < Positions; position++)
                        {
                            Assert.False(
                                runtime.GetRows(0, stream, layer, position, 1).Span.ContainsAnyExcept(OwnersMark),
                                $"{_name}: bytes came into position {position} after the memory was its owner's again");
                        }
                    }
                }
            }
        }

        private async Task AppendAsync()
        {
            var durable = Context.Status.Durable;
            var count = Math.Min(random.Next(1, 30), Positions - (int)durable.Tokens);
            if (count == 0)
            {
                return;
            }

            var inputs = await _session!.SendInputsAsync(Payloads.Inputs((int)durable.Tokens, count), [], Token);
            var kvCount = Math.Min(30, (int)(durable.Tokens + count - durable.Kv)); // It lags where a connection was cut between the two.
            var kv = await Payloads.SendKvAsync(_session, _source!, (int)durable.Kv, kvCount, Token);
            Assert.Equal(durable.Tokens + count, (await inputs).Tokens);
            Assert.Equal(durable.Kv + kvCount, (await kv).Kv);
        }

        private async Task ReadIntoBuffersAsync()
        {
            long next = 0;
            await foreach (var run in _session!.ReadKvAsync(0, Positions, cancellationToken: Token))
            {
                using (run)
                {
                    Assert.Equal(next, run.FirstPosition);
                    next += run.Count;
                    Assert.True(
                        Payloads.Kv(_source!, (int)run.FirstPosition, run.Count).Frames.Span.SequenceEqual(run.Frames.Span),
                        $"{_name}: bytes of the run at {run.FirstPosition} are not its own");
                }
            }

            Assert.Equal(Context.Status.Durable.Kv, next);
            Verified++;
        }

        private async Task ReadInPlaceAsync()
        {
            var runtime = new ToyRuntime(rowBytes: _rowBytes, maxPositions: Positions);
            var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
            target.Open(0);
            var next = 0;
            try
            {
                await foreach (var run in _session!.ReadKvAsync(0, Positions, target, cancellationToken: Token))
                {
                    run.Dispose();
                    Assert.Null(run.InPlace!.Fault);
                    next += run.Count;
                }
            }
            finally
            {
                await target.CloseAsync(Token);
            }

            Assert.Equal(Context.Status.Durable.Kv, next);
            if (next > 0)
            {
                runtime.CommitImported(next);
                Assert.True(
                    Payloads.Kv(_source!, 0, next).Frames.Span.SequenceEqual(Payloads.Kv(runtime, 0, next).Frames.Span), $"{_name}: other bytes");
            }

            Verified++;
        }

        /// <summary>Stops a read at any moment: from then on the memory is the owner's, whatever is still on its way.</summary>
        private async Task GiveReadUpAsync()
        {
            var runtime = new ToyRuntime(rowBytes: _rowBytes, maxPositions: Positions);
            var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
            target.Open(0);
            using var stop = new CancellationTokenSource();
            var patience = random.Next(40);
            var reading = Task.Run(
                async () =>
                {
                    try
                    {
                        await foreach (var run in _session!.ReadKvAsync(0, Positions, target, cancellationToken: stop.Token))
                        {
                            run.Dispose();
                        }
                    }
                    finally
                    {
                        await target.CloseAsync(stop.Token);
                        Fill(runtime);
                    }
                },
                Token);
            for (var turn = 0; turn < patience && !reading.IsCompleted; turn++)
            {
                await Task.Yield();
            }

            await stop.CancelAsync();
            try
            {
                await reading;
            }
            catch (OperationCanceledException)
            {
                // Asked for.
            }

            if (_givenBack.Count < 20)
            {
                _givenBack.Add(runtime);
            }
        }

        private async Task AttachAgainAsync()
        {
            var epoch = _session!.Epoch;
            await DetachAsync();
            await AttachAsync(epoch);
        }

        private async Task GiveAttachUpAsync()
        {
            await using var connection = await pool.RentAsync(server.Endpoint, Token);
            using var stop = new CancellationTokenSource();
            var attaching = connection.Client.AttachReaderAsync(_name, new Observer(), stop.Token);
            await stop.CancelAsync();
            try
            {
                await (await attaching).DisposeAsync(); // It was faster.
            }
            catch (OperationCanceledException)
            {
                // Asked for.
            }
        }

        private async Task BeFencedAsync()
        {
            var (fenced, length) = (_session!, Context.Status.Durable.Tokens);
            var other = SessionSecret.Create();
            var granted = await Context.AcquireAsync(new AcquireRequest("other", other.Hash, default), Token);
            var late = await fenced.SendInputsAsync(Payloads.Inputs((int)length, 1), [], Token);
            Assert.True(await Record.ExceptionAsync(() => late) is SwarmRefusedException or SwarmTransportException, $"{_name}: a fenced session has appended");
            Assert.Equal(length, Context.Status.Durable.Tokens);
            await DetachAsync();
            _secret = other;
            await AttachAsync(granted.Epoch);
        }

        private Task CutAsync()
        {
            _connection!.Client.Channel.Abort("cut");
            throw new SwarmTransportException("cut", isTransient: true);
        }

        private Task HeartbeatAsync()
        {
            _session!.SendHeartbeat();
            return Task.CompletedTask;
        }

        private async Task AcquireAsync()
        {
            while (true)
            {
                await DetachAsync();
                _secret = SessionSecret.Create();
                var granted = await Context.AcquireAsync(new AcquireRequest("agent", _secret.Hash, default), Token);
                try
                {
                    await AttachAsync(granted.Epoch);
                    return;
                }
                catch (SwarmTransportException)
                {
                    // Cut once more.
                }
            }
        }

        private async Task AttachAsync(Epoch epoch)
        {
            _connection = await pool.RentAsync(server.Endpoint, Token);
            Clients.Add(_connection.Client);
            _session = await _connection.Client.AttachAsync(_name, epoch, _secret, new Observer(), Token);
        }

        private async Task DetachAsync()
        {
            if (_session is not null)
            {
                await _session.DisposeAsync();
                _session = null;
            }

            if (_connection is not null)
            {
                await _connection.DisposeAsync();
                _connection = null;
            }
        }

        private static void Fill(ToyRuntime runtime)
        {
            for (var layer = 0; layer < 2; layer++)
            {
                for (var stream = 0; stream < 2; stream++)
                {
                    for (var position = 0; position < Positions; position++)
                    {
                        runtime.GetRows(0, stream, layer, position, 1).Span.Fill(OwnersMark);
                    }
                }
            }
        }
    }
}
