using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>What a silo, as a process, does on signals: it drains and closes its contexts.</summary>
public sealed class StopSignalTests
{
    private const string Recovered = "was recovered from segment";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HUP", "HUP")]
    [InlineData("INT", "TERM")]
    [InlineData("QUIT", "HUP")]
    public async Task Signal_HeldContext_IsDrainedAndClosedWhateverComesBehind(string first, string second)
    {
        using var folder = new TempDirectory();
        var silo = await StartAsync(folder);
        await using (silo)
        {
            await using var swarm = await SwarmClient.ConnectAsync(silo.Address, new SwarmCredential("default"), cancellationToken: Token);
            await using var memory = await OpenAsync(swarm);

            await Signals.SendAsync(first, silo.Id);
            await Signals.SendAsync(second, silo.Id);

            Assert.Equal(0, await silo.WaitForEndAsync());
        }

        Assert.Matches($"Received SIG({first}|{second}); the silo stops.", silo.Output); // Signals that come together are handled in any order.
        Assert.Contains($"store: folder {folder.Path}.", silo.Output, StringComparison.Ordinal);
        Assert.EndsWith("The silo has stopped.", silo.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("Orleans.Messaging[100071]", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Recovered, await ReopenAsync(folder), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_SecondOneOfAPerson_EndsTheProcessAtOnce()
    {
        using var folder = new TempDirectory();
        await using var silo = await StartAsync(folder);

        // Stopped meanwhile, so that both are there before the first one's drain can end.
        await Signals.SendAsync(Signals.Stop, silo.Id);
        await Signals.SendAsync("INT", silo.Id);
        await Signals.SendAsync("QUIT", silo.Id);
        await Signals.SendAsync(Signals.Continue, silo.Id);

        Assert.InRange(await silo.WaitForEndAsync(), 128 + 2, 128 + 3); // By either signal.
    }

    [Fact]
    public async Task Signal_Kill_LeavesTheLogToBeRecovered()
    {
        using var folder = new TempDirectory();
        await using (var silo = await StartAsync(folder))
        {
            await using var swarm = await SwarmClient.ConnectAsync(silo.Address, new SwarmCredential("default"), cancellationToken: Token);
            await using var memory = await OpenAsync(swarm);

            await Signals.SendAsync(Signals.Kill, silo.Id);

            await silo.WaitForEndAsync();
        }

        Assert.Contains(Recovered, await ReopenAsync(folder), StringComparison.Ordinal);
    }

    /// <summary>
    /// Starts a silo that is told of its signals, also where the tests run under nohup or behind a shell's <c>&amp;</c>, which ignore SIGHUP, or SIGINT and
    /// SIGQUIT, for all that is started there.
    /// </summary>
    private static Task<HostProcess> StartAsync(TempDirectory folder) => HostProcess.StartWithAsync(
        ["env", "--default-signal=HUP,INT,QUIT"], $"--Swarm:Store:Path={folder.Path}", "--Logging:LogLevel:Default=Information");

    private static async Task<AgentMemory> OpenAsync(SwarmClient swarm)
    {
        var memory = await swarm.Agent("a").OpenAsync(
            "track/1", new ToyRuntime(), new MemoryOptions { DrainTimeout = TimeSpan.Zero }, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        await memory.FlushAsync(Token);
        return memory;
    }

    /// <summary>Opens the context on a silo that is started anew, and gives what that silo logs.</summary>
    private static async Task<string> ReopenAsync(TempDirectory folder)
    {
        await using var silo = await StartAsync(folder);
        await using var swarm = await SwarmClient.ConnectAsync(silo.Address, new SwarmCredential("default"), cancellationToken: Token);
        await using var memory = await swarm.Agent("b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.Now, cancellationToken: Token);
        Assert.Equal(3, memory.Rehydration.Positions);
        return silo.Output;
    }
}
