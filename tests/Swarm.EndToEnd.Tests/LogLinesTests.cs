using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.EndToEnd.Tests;

/// <summary>What an operator reads in a silo's log, at the levels that it has by default.</summary>
public sealed partial class LogLinesTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_StartHandoffAndLossOfASilo_SaysWhenWhoAndWhichByName()
    {
        using var folder = new TempDirectory();
        var began = DateTime.UtcNow;
        await using var witness = await StartAsync(folder);
        await using var leaver = await StartAsync(folder);
        await leaver.WaitForLineAsync("is in the cluster; active: 2.");
        await Signals.SendAsync(Signals.Terminate, leaver.Id);
        await leaver.Exited.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await witness.WaitForLineAsync("left the cluster in order; active: 1.");

        await using var victim = await StartAsync(folder);
        await witness.WaitForLineAsync("is in the cluster; active: 2.", count: 2);
        await WorkAsync(witness);
        var beforeTheLoss = witness.Output + victim.Output;
        await Signals.SendAsync(Signals.Kill, victim.Id);
        var death = await witness.WaitForLineAsync("was declared dead: suspected by S127.0.0.1:");
        await Signals.SendAsync(Signals.Terminate, witness.Id);
        Assert.Equal(0, await witness.Exited.WaitAsync(TimeSpan.FromMinutes(1), Token));

        var log = witness.Output + victim.Output; // The context was on one of the two.
        output.WriteLine(log);
        Assert.Contains(" warn: ", death, StringComparison.Ordinal);
        Assert.Matches(@"suspected by S127\.0\.0\.1:\d+:\d+ at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", death);
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith('{')) // The line of --ready-json.
            .ToArray();
        Assert.All(lines, line => Assert.InRange(TimeOf(line), began.AddSeconds(-1), DateTime.UtcNow.AddSeconds(1)));
        Assert.All(
            lines.Where(line => !line.Contains(" fail: ", StringComparison.Ordinal)),
            line => Assert.DoesNotContain(".cs:line", line, StringComparison.Ordinal)); // No stacks: a lost silo makes many warnings.
        Assert.DoesNotContain(lines, line => line.Contains(" warn: Swarm.Storage", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.DoesNotMatch("Participant check thread|grain service|My range changed", line));
        Assert.DoesNotContain("Polly", beforeTheLoss, StringComparison.Ordinal); // Then each lookup at the lost silo may be repeated, and logged.
        var ofContexts = lines.Where(line => ContextId().IsMatch(line)).ToArray();
        Assert.InRange(ofContexts.Length, 5, int.MaxValue); // Made, open, acquired, released, closed.
        Assert.All(ofContexts, line => Assert.Matches(@"track/1 \([0-9a-f]{32}/[0-9a-f]{32}\)", line));
    }

    /// <summary>A silo that stood still for so long that it was declared dead.</summary>
    [Fact]
    public async Task Log_SiloThatWasDeclaredDeadWakes_SaysSoInOneLineAndEndsWithOne()
    {
        using var folder = new TempDirectory();
        await using var witness = await StartAsync(folder);
        await using var victim = await StartAsync(folder);
        await witness.WaitForLineAsync("is in the cluster; active: 2.");
        await Signals.SendAsync(Signals.Stop, victim.Id);
        await witness.WaitForLineAsync("was declared dead: suspected by S127.0.0.1:");
        await Signals.SendAsync(Signals.Continue, victim.Id);

        Assert.Equal(1, await victim.Exited.WaitAsync(TimeSpan.FromMinutes(1), Token));
        output.WriteLine(victim.Output);
        Assert.Single(victim.Output.Split('\n'), line => line.Contains("This silo cannot go on", StringComparison.Ordinal));
        Assert.DoesNotContain("   at Orleans.", victim.Output, StringComparison.Ordinal);
    }

    private static Task<HostProcess> StartAsync(TempDirectory folder) => HostProcess.StartAsync(
        $"--Swarm:Store:Path={folder.Path}", "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true", "--Logging:LogLevel:Default=Information");

    private static async Task WorkAsync(HostProcess silo)
    {
        await using var swarm = await SwarmClient.ConnectAsync(silo.Address, new SwarmCredential("default"), cancellationToken: Token);
        await using (var memory = await swarm.Agent("a").OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token))
        {
            await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
            await memory.ReleaseAsync(to: "b", cancellationToken: Token);
        }

        await using var next = await swarm.Agent("b").TakeOverAsync("track/1", new ToyRuntime(), TakeOver.IfReleased, cancellationToken: Token);
        await next.ReleaseAsync(cancellationToken: Token);
    }

    private static DateTime TimeOf(string line) => DateTime.ParseExact(
        line.Split(' ')[0],
        "yyyy-MM-ddTHH:mm:ss.fffZ",
        CultureInfo.InvariantCulture,
        DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);

    [GeneratedRegex("[0-9a-f]{32}/[0-9a-f]{32}")]
    private static partial Regex ContextId();
}
