using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Swarm.DataPlane.Client;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Format.Frames;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>What the protocol costs: speed is printed beside that of a plain socket, allocation is held.</summary>
[Collection(MeasuringTests.Name)]
public sealed class ThroughputTests(ITestOutputHelper output)
{
    private const int Records = 96;
    private const int RecordPositions = 42; // 42 × 24 KiB: records of about 1 MiB.

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AppendAndRead_96MiB_AllocateLittleForEachFrame()
    {
        await using var server = await TestServer.StartAsync();
        var runtime = Payloads.Computed(RecordPositions, rowBytes: 6144);
        var context = server.AddContext("c/1", runtime);
        context.Discards = true;
        var record = Payloads.Kv(runtime, 0, RecordPositions);
        var bytes = (double)Records * record.Frames.Length / (1 << 20);
        await using var client = await server.ConnectAsync();
        var (session, _, _) = await TestServer.AttachAsync(client, context, "c/1");
        await (await session.SendInputsAsync(Payloads.Inputs(0, RecordPositions), [], Token));
        context.Serve(record, Records);
        var window = Enumerable.Range(0, new DataPlaneClientOptions().ReadWindowBytes / record.Frames.Length + 2)
            .Select(_ => client.Buffers.Rent(record.Frames.Length))
            .ToList();
        window.ForEach(buffer => buffer.Dispose()); // As many as a read ever has, whatever overtakes what.
        var (leastAppend, leastRead) = (long.MaxValue, long.MaxValue);
        for (var round = 0; round < 4; round++)
        {
            var plain = await MeasurePlainAsync(record.Frames);
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var clock = Stopwatch.StartNew();
            List<Task> appends = [];
            for (var index = 0; index < Records; index++)
            {
                await session.ReserveKvAsync(record.Frames.Length, (Records - index) * (long)record.Frames.Length, Token);
                appends.Add(await session.SendKvAsync(record, Token));
            }

            await Task.WhenAll(appends);
            var append = clock.Elapsed;
            var appendAllocated = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / Records;

            allocated = GC.GetTotalAllocatedBytes(precise: true);
            clock.Restart();
            var read = await ReadAsync(session, runtime, decodes: false);
            var readTime = clock.Elapsed;
            var readAllocated = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / Records;
            clock.Restart();
            await ReadAsync(session, runtime, decodes: true);
            output.WriteLine(
                $"plain {bytes / plain.TotalSeconds:0}, append {bytes / append.TotalSeconds:0}, "
                + $"read {bytes / readTime.TotalSeconds:0}, read and decode {bytes / clock.Elapsed.TotalSeconds:0} MiB/s; "
                + $"allocated for each frame: append {appendAllocated}, read {readAllocated} bytes");
            Assert.Equal(Records, read);
            (leastAppend, leastRead) = (Math.Min(leastAppend, appendAllocated), Math.Min(leastRead, readAllocated));
        }

        // Of 1 MiB each: tasks and small objects on both sides. The least of the rounds, because a round that is the first
        // to have so many frames on their way fills the pools.
        Assert.InRange(leastAppend, 0, 16 << 10);
        Assert.InRange(leastRead, 0, 16 << 10);
    }

    private static async Task<int> ReadAsync(DataPlaneSession session, ToyRuntime target, bool decodes)
    {
        var runs = 0;
        await foreach (var run in session.ReadKvAsync(0, RecordPositions, cancellationToken: Token))
        {
            using (run)
            {
                if (decodes)
                {
                    KvPayload.Decode(
                        target.Model.Geometry, 0, RecordPositions, run.Frames.Span, 0, RecordPositions,
                        static (_, _, _, _, _) => { });
                }

                runs++;
            }
        }

        return runs;
    }

    private static async Task<TimeSpan> MeasurePlainAsync(ReadOnlyMemory<byte> record)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await near.ConnectAsync(listener.LocalEndpoint, Token);
        using var far = await listener.AcceptSocketAsync(Token);
        var receiving = Task.Run(async () =>
        {
            var buffer = new byte[record.Length];
            for (var left = (long)Records * record.Length; left > 0;)
            {
                left -= await far.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), Token);
            }
        }, Token);
        var clock = Stopwatch.StartNew();
        for (var index = 0; index < Records; index++)
        {
            for (var sent = 0; sent < record.Length;)
            {
                sent += await near.SendAsync(record[sent..], Token);
            }
        }

        await receiving;
        return clock.Elapsed;
    }
}
