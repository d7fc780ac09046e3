using System.Diagnostics;
using System.Globalization;
using Swarm.Client.Tests.Agent;
using Swarm.Testing;
using Swarm.Testing.Models;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.Client.Tests.Spool;

/// <summary>The blob store goes away in mid-stream, behind a silo that lives on.</summary>
/// <remarks>
/// Briefly by default. With <c>SWARM_OUTAGE_SECONDS=60</c> for so long, and with step times of an undisturbed run beside it.
/// </remarks>
public sealed class StoreAwayTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Feed_StoreAway_LosesNothingAndCatchesUp()
    {
        var asked = Environment.GetEnvironmentVariable("SWARM_OUTAGE_SECONDS");
        var outage = TimeSpan.FromSeconds(asked is null ? 2 : double.Parse(asked, CultureInfo.InvariantCulture));
        var before = TimeSpan.FromSeconds(asked is null ? 1 : 10);
        var disturbed = await RunAsync(before, outage, isAway: true);
        if (asked is not null)
        {
            var undisturbed = await RunAsync(before, outage, isAway: false);
            Report("in the same steps, store there", undisturbed);
            Report("store away", disturbed);
            output.WriteLine(
                $"ratio: median {Quantile(disturbed, 0.5) / Quantile(undisturbed, 0.5):0.00}, "
                + $"p99 {Quantile(disturbed, 0.99) / Quantile(undisturbed, 0.99):0.00}");
        }
    }

    /// <summary>Streams before, during and after an outage, or as many steps without one.</summary>
    /// <returns>How long the steps during it took, in ms.</returns>
    private async Task<List<double>> RunAsync(TimeSpan before, TimeSpan outage, bool isAway)
    {
        using var root = new TempDirectory();
        await using var proxy = new CuttingProxy(new Uri(Endpoint(azurite.ConnectionString)).Authority);
        await using var silo = await Silo.StartAsync(
            root.Combine("unused"),
            "--Swarm:Store:Kind", "azure",
            "--Swarm:Store:Container", azurite.NewContainer(),
            "--Swarm:Store:ConnectionString",
            azurite.ConnectionString.Replace(
                new Uri(Endpoint(azurite.ConnectionString)).Authority, proxy.Endpoint, StringComparison.Ordinal));
        await using var swarm = await silo.ConnectAsync();
        var options = new MemoryOptions { SpoolPath = root.Combine("spool"), MaxUndurableTokens = 10 };
        await using var a = await swarm.Agent("drone-a").OpenAsync("track/1", Runtime(), options, Token);
        await FeedAsync(a, before);
        await a.FlushAsync(Token);
        if (isAway)
        {
            proxy.Stop();
        }

        var durable = a.Durable.Tokens;
        var during = await FeedAsync(a, outage);
        var behind = a.Length - a.Durable.Tokens;
        var spooled = a.SpoolBytes;
        proxy.Mend();
        var clock = Stopwatch.StartNew();
        var flushing = a.FlushAsync(Token).AsTask();
        while (!flushing.IsCompleted && clock.Elapsed < TimeSpan.FromMinutes(2))
        {
            await FeedAsync(a, Pace);
        }

        await flushing.WaitAsync(TimeSpan.FromSeconds(30), Token);
        output.WriteLine(
            $"{during.Count} steps in {outage.TotalSeconds} s, {behind} of {a.Length} positions behind and {spooled} bytes in "
            + $"the spool at the end of it, caught up {clock.Elapsed.TotalSeconds:0.00} s later while feeding on");
        Assert.True(!isAway || behind >= a.Length / 4, $"{behind} of {a.Length} positions behind, from {durable} on");

        await a.ReleaseAsync("", Token);
        await using var b = await swarm.Agent("drone-b").OpenAsync("track/1", Runtime(), null, Token);
        Assert.Equal(new Twin().FeedUntil(a.Length), (await b.ComputeLogitsAsync(Token)).ToArray());
        Assert.Equal(a.Length, b.Length);
        return during;
    }

    /// <summary>Feeds a step at each tick, for at least so long.</summary>
    /// <returns>How long each took, in ms.</returns>
    private static async Task<List<double>> FeedAsync(AgentMemory memory, TimeSpan time)
    {
        List<double> took = [];
        using var timer = new PeriodicTimer(Pace);
        for (var count = (int)(time / Pace); took.Count < count;)
        {
            var step = Steps.At(memory.Length);
            var started = Stopwatch.GetTimestamp();
            await memory.FeedAsync(step, [("at", BitConverter.GetBytes(memory.Length))], Token);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            await timer.WaitForNextTickAsync(Token);
        }

        return took;
    }

    private void Report(string what, List<double> took) => output.WriteLine(
        $"{what}: {took.Count} steps, median {Quantile(took, 0.5):0.000} ms, p99 {Quantile(took, 0.99):0.000} ms, "
        + $"longest {took.Max():0.0} ms");

    private static double Quantile(List<double> values, double share) =>
        values.Order().ElementAt((int)(share * (values.Count - 1)));

    private static string Endpoint(string connectionString) => connectionString.Split(';')
        .Single(part => part.StartsWith("BlobEndpoint=", StringComparison.Ordinal))["BlobEndpoint=".Length..];

    private static ToyRuntime Runtime() => new(maxPositions: 1 << 15);
}
