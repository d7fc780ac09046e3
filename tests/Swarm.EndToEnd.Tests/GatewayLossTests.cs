using System.Diagnostics;
using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>A client that knows one gateway finds the others before it needs them.</summary>
public sealed class GatewayLossTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Signals.Kill)]
    [InlineData(Signals.Stop)]
    public async Task Client_WhoseOnlyKnownGatewayIsLost_GoesOnThroughAnother(string signal)
    {
        using var folder = new TempDirectory();
        string[] settings = [$"--Swarm:Store:Path={folder.Path}", "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true"];
        await using var first = await HostProcess.StartAsync(settings);
        await using var second = await HostProcess.StartAsync(settings);
        await using var swarm = await SwarmClient.ConnectAsync(
            first.Address, new SwarmCredential("default"), cancellationToken: Token);
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        await Poll.UntilAsync(() => swarm.Gateways.Any(gateway => second.Address.EndsWith(gateway, StringComparison.Ordinal)), Token);

        await Signals.SendAsync(signal, first.Id);
        var lost = Stopwatch.GetTimestamp();
        await memory.FeedAsync(new[] { 4, 5, 6 }, Token);
        await memory.FlushAsync(Token);
        await memory.ReleaseAsync(cancellationToken: Token);

        output.WriteLine($"{signal}: fed, durable and released {Stopwatch.GetElapsedTime(lost).TotalSeconds:0.0} s after the loss");
        Assert.Equal((6, 6), (memory.Durable.Tokens, memory.Durable.Kv));
        Assert.Equal("", (await swarm.GetStatusAsync("track/1", Token)).Holder);
    }
}
