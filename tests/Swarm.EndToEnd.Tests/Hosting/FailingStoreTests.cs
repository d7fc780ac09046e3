using System.Net;
using Swarm.Azurite;
using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests.Hosting;

/// <summary>A silo whose store takes nothing: its volume is full (a tmpfs in a mount namespace of its own), or it is away.</summary>
[Collection(nameof(Alone))]
public sealed class FailingStoreTests : IDisposable
{
    private const int VolumeBytes = 8 << 20;

    private readonly TempDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Silo_VolumeIsFull_IsNotReadyAndSaysWhyUntilThereIsRoomAndStopsInTime()
    {
        await using var host = await StartAsync("--Swarm:Log:StopTimeout=00:00:02");
        await using var swarm = await SwarmClient.ConnectAsync(
            host.Address, new SwarmCredential("default"), cancellationToken: Token);
        var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(host)).Status);

        Fill(host);
        await memory.FeedAsync(new[] { 4, 5, 6 }, Token);
        var full = await WaitAsync(host, HttpStatusCode.ServiceUnavailable);
        Assert.Contains("\"writes\":\"failing for", full, StringComparison.Ordinal);
        Assert.Contains("the volume is full", full, StringComparison.Ordinal);
        Assert.Equal(3, memory.Durable.Tokens);

        File.Delete(Ballast(host));
        Assert.DoesNotContain("writes", await WaitAsync(host, HttpStatusCode.OK), StringComparison.Ordinal);
        await memory.FlushAsync(Token);
        Assert.Equal(6, memory.Durable.Tokens);

        Fill(host);
        await memory.FeedAsync(new[] { 7, 8, 9 }, Token);
        await Signals.SendAsync(Signals.Terminate, host.Id);

        // Bounded by StopTimeout and the margin that deploy/README.md gives; without a bound it never ends.
        Assert.Equal(0, await host.Exited.WaitAsync(TimeSpan.FromSeconds(27), Token));
        Assert.Contains("did not take them within 2 s", host.Output, StringComparison.Ordinal);
        Assert.Equal(6, memory.Durable.Tokens);
    }

    [Fact]
    public async Task Silo_StoreIsAway_StopsInTime()
    {
        await using var azurite = await AzuriteProcess.StartAsync(null, null, Token);
        await using var host = await HostProcess.StartAsync(
            "--Swarm:Log:StopTimeout=00:00:02",
            "--Swarm:Store:Kind=azure",
            $"--Swarm:Store:ConnectionString={azurite.ConnectionString}");
        await using var swarm = await SwarmClient.ConnectAsync(
            host.Address, new SwarmCredential("default"), cancellationToken: Token);
        var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);

        await Signals.SendAsync(Signals.Kill, azurite.ProcessId);
        await memory.FeedAsync(new[] { 4, 5, 6 }, Token);
        await Signals.SendAsync(Signals.Terminate, host.Id);

        await host.Exited.WaitAsync(TimeSpan.FromSeconds(27), Token);
        Assert.Contains("did not take them within 2 s", host.Output, StringComparison.Ordinal);
    }

    // What the silo sees at the folder is mounted in its namespace alone: it is reached through the process.
    private string Ballast(HostProcess host) => $"/proc/{host.Id}/root{_folder.Path}/ballast";

    private void Fill(HostProcess host)
    {
        using var file = File.Create(Ballast(host));
        var block = new byte[4096];
        var fault = Assert.Throws<IOException>(() =>
        {
            for (var written = 0; written <= VolumeBytes; written += block.Length)
            {
                RandomAccess.Write(file.SafeFileHandle, block, written);
            }
        });
        Assert.Contains("space", fault.Message, StringComparison.OrdinalIgnoreCase);
    }

    private Task<HostProcess> StartAsync(params string[] settings) => HostProcess.StartWithAsync(
        [
            "unshare", "--map-root-user", "--mount", "sh", "-c",
            $"mount -t tmpfs -o size={VolumeBytes} swarm-test '{_folder.Path}' && exec \"$@\"", "sh",
        ],
        [$"--Swarm:Store:Path={_folder.Combine("store")}", .. settings]);

    private static async Task<(HttpStatusCode Status, string Text)> ReadyAsync(HostProcess host)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(host.Health, "health/ready"), Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    private static async Task<string> WaitAsync(HostProcess host, HttpStatusCode status)
    {
        var ready = (Status: default(HttpStatusCode), Text: "");
        await Poll.UntilAsync(async () => (ready = await ReadyAsync(host)).Status == status, Token, $"the silo to answer {status}");
        return ready.Text;
    }
}
