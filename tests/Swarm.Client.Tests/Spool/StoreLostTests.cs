using System.Diagnostics;
using System.Net;
using Azure.Storage.Blobs;
using Swarm.Azurite;
using Swarm.Client.Tests.Agent;
using Swarm.Storage.Azure;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>The store is removed, emptied, replaced or set back under a silo: it acknowledges nothing more and says so, and the agent keeps its spool.</summary>
public sealed class StoreLostTests
{
    private const string Container = "lost";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("removed")]
    [InlineData("emptied")]
    [InlineData("replaced")]
    [InlineData("set back")]
    public async Task Folder_LostUnderASilo_NothingIsAcknowledgedAndTheSpoolIsKept(string loss)
    {
        using var root = new TempDirectory();
        var folder = root.Combine("store");
        var silo = await Silo.StartAsync(folder);
        await using var disposing = silo;
        await CheckAsync(
            root,
            silo,
            async agent =>
            {
                if (loss == "set back")
                {
                    Copy(folder, root.Combine("copy"));
                    await FeedAsync(agent, 20);
                    await agent.FlushAsync(Token);
                }

                if (loss == "replaced")
                {
                    await (await Silo.StartAsync(root.Combine("other"))).DisposeAsync();
                }

                Directory.Move(folder, root.Combine("gone"));
                switch (loss)
                {
                    case "emptied":
                        Directory.CreateDirectory(Path.Combine(folder, "objects"));
                        break;
                    case "replaced":
                        Directory.Move(root.Combine("other"), folder);
                        break;
                    case "set back":
                        Directory.Move(root.Combine("copy"), folder);
                        break;
                }
            },
            "is not the one that this silo has written to",
            RefusalCode.StoreReplaced);
        Assert.Equal(loss != "removed", Directory.Exists(folder));

        // The change was meant: a silo that starts now works with what is there.
        await silo.DisposeAsync();
        await using var next = await Silo.StartAsync(folder);
        await using var swarm = await next.ConnectAsync();
        if (loss != "set back") // There the session goes on, of which the store has lost a part.
        {
            var kept = Assert.Single(await swarm.Agent("drone-a").RecoverSpoolAsync("track/1", root.Combine("spool"), Token));
            Assert.Equal(Steps.At(kept.FirstPosition), kept.Inputs.Tokens[..Steps.At(kept.FirstPosition).Length].ToArray());
        }

        await using var b = await swarm.Agent("drone-b").OpenAsync("track/2", Runtime(), null, Token);
        await FeedAsync(b, 3);
        await b.FlushAsync(Token).AsTask().WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Azurite_KilledAndStartedAgainEmpty_NothingIsAcknowledgedAndNoContainerIsMade()
    {
        using var root = new TempDirectory();
        await using var first = await AzuriteProcess.StartAsync(null, null, Token);
        await using var proxy = new CuttingProxy(first.Endpoint.Authority);
        await using var silo = await Silo.StartAsync(
            root.Combine("unused"),
            "--Swarm:Store:Kind", "azure",
            "--Swarm:Store:Container", Container,
            "--Swarm:Store:ConnectionString", first.ConnectionString.Replace(first.Endpoint.Authority, proxy.Endpoint, StringComparison.Ordinal));
        await using var second = await AzuriteProcess.StartAsync(null, null, Token);
        await CheckAsync(
            root,
            silo,
            async _ =>
            {
                using var process = Process.GetProcessById(first.ProcessId);
                process.Kill();
                await process.WaitForExitAsync(Token);
                proxy.Turn(second.Endpoint.Authority);
            },
            "the container does not exist",
            RefusalCode.StoreUnavailable);
        Assert.False(await new BlobContainerClient(second.ConnectionString, Container).ExistsAsync(Token));

        // Somebody makes the container anew, by hand or with a second silo: it is another store.
        var other = AzureBlobStore.Connect(second.ConnectionString, Container);
        await foreach (var item in other.ListAsync("", Token))
        {
            Assert.Fail($"{item.Name} was written into a store that is another one");
        }

        await UntilNotReadyAsync(silo, "is not the one that this silo has written to");
    }

    /// <summary>Streams, loses the store, and streams on.</summary>
    private static async Task CheckAsync(
        TempDirectory root, Silo silo, Func<AgentMemory, Task> lose, string reason, RefusalCode code)
    {
        await using var swarm = await silo.ConnectAsync();
        var options = new MemoryOptions { SpoolPath = root.Combine("spool"), DrainTimeout = TimeSpan.FromMilliseconds(100) };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), options, Token);
        await FeedAsync(a, 20);
        await a.FlushAsync(Token);
        await lose(a);
        var (durable, spooled) = (a.Durable, a.SpoolBytes);
        Assert.Equal(a.Length, durable.Tokens);

        await FeedAsync(a, 50);
        await UntilNotReadyAsync(silo, reason);
        await FeedAsync(a, 50);
        await using var impatient = await SwarmClient.ConnectAsync(
            silo.Address,
            new SwarmCredential("default"),
            new SwarmClientOptions { ClusterId = silo.ClusterId, ServiceId = silo.ServiceId, AttemptTimeout = TimeSpan.FromSeconds(1), ControlTimeout = TimeSpan.FromSeconds(1) },
            Token);
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => impatient.Agent("drone-b").OpenAsync("track/1", Runtime(), null, Token));

        Assert.Equal(code, refused.Refusal.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal(durable, a.Durable);
        Assert.False(a.Fenced.IsCancellationRequested, "the session is over, for a store that may come back");
        Assert.True(a.SpoolBytes > spooled + a.Length - durable.Tokens, $"{a.SpoolBytes} bytes in the spool for {a.Length - durable.Tokens} positions");
    }

    private static async Task UntilNotReadyAsync(Silo silo, string reason)
    {
        using var http = new HttpClient();
        await Poll.UntilAsync(
            async () =>
            {
                using var response = await http.GetAsync(new Uri(silo.Health + "/health/ready"), Token);
                var answer = await response.Content.ReadAsStringAsync(Token);
                return response.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Contains(reason, StringComparison.Ordinal);
            },
            Token,
            $"the silo to be not ready: {reason}");
    }

    private static async Task FeedAsync(AgentMemory memory, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            await memory.FeedAsync(Steps.At(memory.Length), cancellationToken: Token);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(from, "objects"), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static ToyRuntime Runtime() => new(maxPositions: 1 << 15);
}
