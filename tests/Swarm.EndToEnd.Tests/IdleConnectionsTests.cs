using System.Net;
using System.Net.Sockets;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>Connections that are opened and say nothing, more of them than the silo may have files.</summary>
public sealed class IdleConnectionsTests(ITestOutputHelper output)
{
    private const int Files = 600;
    private const int EachPort = 250;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Flood_OfEveryPort_EndsAndHarmsNobody()
    {
        using var folder = new TempDirectory();
        await using var silo = await HostProcess.StartWithFilesAsync(Files, $"--Swarm:Store:Path={folder.Path}");
        await using var swarm = await SwarmClient.ConnectAsync(silo.Address, new SwarmCredential("default"), cancellationToken: Token);
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        string[] ports = [silo.Address["swarm://".Length..], silo.DataPlane, silo.Silo, silo.Health.Authority];

        var idle = new List<Socket>();
        try
        {
            for (var each = 0; each < EachPort; each++)
            {
                foreach (var port in ports)
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                    idle.Add(socket);
                    await socket.ConnectAsync(IPEndPoint.Parse(port), Token);
                }
            }

            await GoOnAsync(silo, swarm, memory);
            Assert.InRange(Directory.GetFiles($"/proc/{silo.Id}/fd").Length, 1, Files - 50);
            await Task.WhenAll(idle.Select(WaitForEndAsync)).WaitAsync(TimeSpan.FromMinutes(1), Token);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        await memory.FeedAsync(new[] { 7 }, Token);
        await memory.FlushAsync(Token);
        output.WriteLine(silo.Output);
        Assert.False(silo.Exited.IsCompleted);
        Assert.Equal(7, memory.Durable.Tokens);
        Assert.InRange(silo.Output.Split("connection slots were in use").Length - 1, 1, 2 * ports.Length);
        Assert.DoesNotContain("too many files", silo.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("for good", silo.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithFewerFilesThanASiloNeeds_SaysHowMany()
    {
        using var folder = new TempDirectory();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            () => HostProcess.StartWithFilesAsync(400, $"--Swarm:Store:Path={folder.Path}"));

        Assert.Contains("400 files", fault.Message, StringComparison.Ordinal);
        Assert.Contains("ulimit -n", fault.Message, StringComparison.Ordinal);
    }

    private static async Task GoOnAsync(HostProcess silo, SwarmClient swarm, AgentMemory memory)
    {
        using var http = new HttpClient();
        using var health = await http.GetAsync(new Uri(silo.Health, "health/ready"), Token);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        await memory.FeedAsync(new[] { 4, 5, 6 }, Token);
        await memory.FlushAsync(Token);
        await using var another = await SwarmClient.ConnectAsync(
            silo.Address, new SwarmCredential("default"), cancellationToken: Token);
        await using var opened = await another.Agent("b").OpenAsync("track/2", new ToyRuntime(), cancellationToken: Token);
        await opened.FeedAsync(new[] { 1 }, Token);
        await opened.FlushAsync(Token);
        Assert.Equal("a", (await swarm.GetStatusAsync("track/1", Token)).Holder);
    }

    private static async Task WaitForEndAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[64], Token));
        }
        catch (SocketException)
        {
            // Reset: it ended as well.
        }
    }
}
