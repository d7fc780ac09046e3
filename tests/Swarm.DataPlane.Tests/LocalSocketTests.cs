using System.Globalization;
using System.IO.Hashing;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Server;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>Clients on the silo's machine move to its Unix domain socket, and to nothing else.</summary>
public sealed class LocalSocketTests
{
    private const int Positions = 2048;
    private const int Run = 256;
    private const int RowBytes = 1024;

    private readonly SeededTest _seeded = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connect_ToASiloOnThisMachine_MovesToItsLocalSocket()
    {
        await using var server = await TestServer.StartAsync(listensLocally: true);
        await using var client = await server.ConnectAsync();

        Assert.Equal(OperatingSystem.IsLinux(), client.IsLocal);
        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 1, Token);
        await UseAsync(server, client);
    }

    /// <summary>What is in between may measure, encrypt or cut: it is not to be gone round.</summary>
    [Fact]
    public async Task Connect_ThroughSomethingInBetween_StaysThere()
    {
        await using var server = await TestServer.StartAsync(listensLocally: true);
        await using var proxy = new CuttingProxy(server.Endpoint.ToString());
        await using var client = await server.ConnectAsync(through: proxy.Endpoint);

        Assert.False(client.IsLocal);
        Assert.Equal(1, proxy.Connections);
        await UseAsync(server, client);
    }

    /// <summary>As from another machine, or network namespace; and as its operator says.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connect_LocalSocketIsNotThere_StaysOnTcp(bool isOffered)
    {
        await using var server = await TestServer.StartAsync(new DataPlaneServerOptions { LocalSocket = isOffered });
        await using var client = await server.ConnectAsync();

        Assert.Equal(isOffered && OperatingSystem.IsLinux(), server.Handler.LocalEndpoint is not null);
        Assert.False(client.IsLocal);
        await UseAsync(server, client);
    }

    /// <summary>Runs go from their files into a runtime's memory, or a buffer, and come there as they were stored; a file that was changed fails its check there.</summary>
    [Fact]
    public async Task Read_RunsInFiles_ComeAsTheyWereStoredOrNotAtAll()
    {
        using var folder = new TempDirectory();
        await using var server = await TestServer.StartAsync(listensLocally: true);
        await using var client = await server.ConnectAsync();
        var source = Payloads.Computed(Positions, RowBytes);
        var context = server.AddContext("c", source);
        context.Folder = folder.Path;
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c");
        await using (session)
        {
            await (await session.SendInputsAsync(Payloads.Inputs(0, Positions), [], Token));
            for (var first = 0; first < Positions; first += Run)
            {
                await (await Payloads.SendKvAsync(session, source, first, Run, Token));
            }

            for (var round = 0; round < 40; round++)
            {
                HashSet<long> damaged = [];
                context.Opened = path =>
                {
                    if (_seeded.Random.Next(6) == 0)
                    {
                        var first = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
                        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
                        file.Position = (first % 100) + _seeded.Random.Next(Payloads.Kv(source, first, Run).Frames.Length);
                        var value = file.ReadByte();
                        file.Position--;
                        file.WriteByte((byte)(value ^ (1 << _seeded.Random.Next(8))));
                        damaged.Add(first);
                    }
                };
                var runtime = new ToyRuntime(rowBytes: RowBytes, maxPositions: Positions);
                var target = new KvReceiveTarget(runtime.Model.Geometry, runtime, (_, _, _) => true);
                target.Open(0);
                var next = 0;
                await foreach (var run in session.ReadKvAsync(0, Positions, round % 2 == 0 ? target : null, cancellationToken: Token))
                {
                    using (run)
                    {
                        Assert.Equal((next, KvTier.Disk), (run.FirstPosition, run.Tier));
                        var isSound = run.InPlace is { } received
                            ? received.Fault is null
                            : XxHash3.HashToUInt64(run.Frames.Span) == run.Checksum;
                        Assert.Equal(damaged.Contains(next), !isSound);
                        next += run.Count;
                        target.Open(next);
                    }
                }

                await target.CloseAsync(Token);
                Assert.Equal(Positions, next);
                if (round % 2 == 0 && damaged.Count == 0)
                {
                    runtime.CommitImported(Positions);
                    Assert.Equal(Payloads.Kv(source, 0, Positions).Frames.ToArray(), Payloads.Kv(runtime, 0, Positions).Frames.ToArray());
                }
            }
        }
    }

    /// <summary>Half a frame is out: the connection cannot go on, and that copy is not given out again.</summary>
    [Fact]
    public async Task Read_FileIsCutWhileItIsSent_EndsTheConnectionAndGivesTheCopyUp()
    {
        using var folder = new TempDirectory();
        await using var server = await TestServer.StartAsync(listensLocally: true);
        var source = Payloads.Computed(Run, RowBytes);
        var context = server.AddContext("c", source);
        context.Folder = folder.Path;
        context.Opened = path =>
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
            file.SetLength(file.Length / 2);
        };
        await using (var client = await server.ConnectAsync())
        {
            var (session, _, _) = await TestServer.AttachAsync(client, context, "c");
            await (await session.SendInputsAsync(Payloads.Inputs(0, Run), [], Token));
            await (await Payloads.SendKvAsync(session, source, 0, Run, Token));

            await Assert.ThrowsAsync<SwarmTransportException>(
                () => session.ReadKvAsync(0, Run, cancellationToken: Token).ToListAsync(Token).AsTask());
        }

        Assert.NotEmpty(Assert.Single(context.GivenUp));
    }

    /// <summary>A reader that is killed says nothing about the file.</summary>
    [Fact]
    public async Task Read_ReaderIsGoneWhileAFileIsSent_LeavesTheCopy()
    {
        using var folder = new TempDirectory();
        await using var server = await TestServer.StartAsync(listensLocally: true);
        var source = Payloads.Computed(Positions, RowBytes);
        var context = server.AddContext("c", source);
        context.Folder = folder.Path;
        for (var first = 0; first < Positions; first += Run)
        {
            var kv = Payloads.Kv(source, first, Run);
            context.Serve(kv, 1, XxHash3.HashToUInt64(kv.Frames.Span));
        }

        for (var round = 0; round < 20; round++)
        {
            var client = await server.ConnectAsync();
            var (session, _, _) = await TestServer.AttachAsync(client, context, "c");
            var runs = session.ReadKvAsync(0, Positions, cancellationToken: Token).GetAsyncEnumerator(Token);
            for (var taken = _seeded.Random.Next(3); taken >= 0; taken--)
            {
                Assert.True(await runs.MoveNextAsync());
                runs.Current.Dispose();
            }

            await client.DisposeAsync();
            await Assert.ThrowsAnyAsync<SwarmTransportException>(async () =>
            {
                while (await runs.MoveNextAsync())
                {
                    runs.Current.Dispose();
                }
            });
        }

        await Poll.UntilAsync(() => server.Handler.ConnectionCount == 0, Token);
        Assert.Empty(context.GivenUp);
    }

    [Theory]
    [InlineData("")]
    [InlineData("swarm-data-plane-")]
    [InlineData("swarm-data-plane-0123456789ABCDEF0123456789abcdef")]
    [InlineData("/var/run/docker.sock-0123456789abcdef0123456789ab")]
    public void Find_NameOfSomethingElse_LeadsNowhere(string name) => Assert.Null(LocalSocket.Find(name));

    /// <summary>Sends 8 MiB of KV, and reads it back: more than any socket holds.</summary>
    private static async Task UseAsync(TestServer server, Client.DataPlaneClient client)
    {
        var runtime = Payloads.Computed(Positions, RowBytes);
        var (session, _, _) = await TestServer.AttachAsync(client, server.AddContext("c", runtime), "c");
        await using (session)
        {
            await (await session.SendInputsAsync(Payloads.Inputs(0, Positions), [], Token));
            for (var first = 0; first < Positions; first += Run)
            {
                await (await Payloads.SendKvAsync(session, runtime, first, Run, Token));
            }

            var next = 0;
            await foreach (var run in session.ReadKvAsync(0, Positions, cancellationToken: Token))
            {
                using (run)
                {
                    Assert.True(Payloads.Kv(runtime, next, run.Count).Frames.Span.SequenceEqual(run.Frames.Span), $"bytes of the run at {next} differ");
                    next += run.Count;
                }
            }

            Assert.Equal(Positions, next);
        }
    }
}
