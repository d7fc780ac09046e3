using System.Diagnostics;
using System.Globalization;
using Swarm.EndToEnd.Agent;
using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Xunit;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>
/// A holder in a process of its own is lost, or asks for a successor, again and again; its warm standby in another process goes on. Nothing is configured.
/// <c>SWARM_FLEET_KILLS</c> is how often; times are printed, promises 1, 4, 5 and 6 are checked.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FleetKillTests(ITestOutputHelper output)
{
    private const string Context = "fleet/context-0";

    private readonly SeededTest _seeded = new();

    [Fact]
    public Task HolderKilledOrAsksForSuccessor_ItsStandbyGoesOn() => RunAsync(silos: 1, rounds: 2, ("killed", KillAsync), ("asks for a successor", HandOffAsync));

    [Fact]
    public Task HolderAndItsSiloKilled_ItsStandbyGoesOn() => RunAsync(silos: 3, rounds: 1, ("killed with its silo", KillWithSiloAsync));

    private async Task RunAsync(int silos, int rounds, params (string What, Func<FleetCluster, Times, Task> BreakAsync)[] breaks)
    {
        if (Environment.GetEnvironmentVariable("SWARM_FLEET_KILLS") is { Length: > 0 } given)
        {
            rounds = int.Parse(given, CultureInfo.InvariantCulture);
        }

        using var temporary = new TempDirectory();
        using var store = new TempDirectory();
        var folder = Directory.CreateDirectory(Path.Combine(Environment.GetEnvironmentVariable("SWARM_CHAOS_KEEP") ?? temporary.Path, $"fleet-{_seeded.Seed}-{Environment.ProcessId}")).FullName;
        await using var cluster = await FleetCluster.StartAsync(
            folder, [$"--Swarm:Store:Path={store.Path}"], silos, _seeded.Random, processes: 3, agentsEach: 1, TimeSpan.FromMilliseconds(5), (_, _) => ["step-ms=30"]);
        var report = new List<string>();
        try
        {
            await cluster.Processes[0].HoldAsync(Context);
            foreach (var (what, breakAsync) in breaks)
            {
                report.Add($"the holder {what}, {rounds} times\n{await BreakAgainAndAgainAsync(cluster, rounds, breakAsync)}");
            }

            await cluster.LeaveAsync();
            var violations = await cluster.CheckAsync();
            output.WriteLine($"{cluster.Tail.Events.Count} events\n{string.Join('\n', report)}");
            Assert.True(violations.Count == 0, string.Join('\n', violations.Take(20)));
        }
        finally
        {
            await cluster.DumpAsync();
        }
    }

    private async Task<Times> BreakAgainAndAgainAsync(FleetCluster cluster, int rounds, Func<FleetCluster, Times, Task> breakAsync)
    {
        var times = new Times();
        for (var round = 0; round < rounds; round++)
        {
            await Task.WhenAll(cluster.Silos.Select(silo => silo.Up)).WaitAsync(TimeSpan.FromMinutes(1));
            var started = Stopwatch.GetTimestamp();
            await cluster.WaitAsync(
                () => cluster.IsWarm(Context) && cluster.History.AcceptedAfter(Context, started) is not null, "a warm standby of a holder at work");
            await Task.Delay(_seeded.Random.Next(300)); // At any phase of all timers.
            await breakAsync(cluster, times);
        }

        return times;
    }

    private static async Task KillAsync(FleetCluster cluster, Times times)
    {
        var killed = cluster.HolderOf(Context)!;
        var time = Stopwatch.GetTimestamp();
        killed.Kill();
        await MeasureAsync(cluster, time, cluster.History.HolderOf(Context)!, times);
        Times.Add(time, await killed.Closed, times.Closed);
        await cluster.RestartAsync(killed);
    }

    private static async Task KillWithSiloAsync(FleetCluster cluster, Times times)
    {
        var killed = cluster.HolderOf(Context)!;
        var silo = await cluster.Silos.First(silo => silo.DataPlane == cluster.History.AttachedTo(Context)).Up;
        var time = Stopwatch.GetTimestamp();
        await Signals.SendAsync(Signals.Kill, silo.Id);
        killed.Kill();
        await MeasureAsync(cluster, time, cluster.History.HolderOf(Context)!, times);
        await cluster.RestartAsync(killed);
    }

    private static async Task HandOffAsync(FleetCluster cluster, Times times)
    {
        var holder = cluster.History.HolderOf(Context)!;
        var time = Stopwatch.GetTimestamp();
        await cluster.HolderOf(Context)!.RequestHandoffAsync(Context);
        await cluster.WaitAsync(() => cluster.History.NextAfter(Context, EventKind.Yielding, time) is not null, "a successor to be ready");
        await MeasureAsync(cluster, cluster.History.NextAfter(Context, EventKind.Yielding, time)!.At, holder, times);
    }

    private static async Task MeasureAsync(FleetCluster cluster, long time, HistoryEvent lost, Times times)
    {
        await cluster.WaitAsync(
            () => cluster.History.NextAfter(Context, EventKind.FirstToken, time, lost.Process) is not null,
            () => $"a first token after epoch {lost.Epoch} of {lost.Process}; the last events:\n" + string.Join('\n', cluster.Tail.Events
                .Where(item => item.Context == Context && item.Kind is not (EventKind.Feeding or EventKind.Durable or EventKind.Logits))
                .TakeLast(20)
                .Select(item => $"{Stopwatch.GetElapsedTime(time, item.At).TotalSeconds:0.000} s: {item.Kind} {item.Process}, epoch {item.Epoch}, {item.Position} positions, {item.Text}")));
        var opened = cluster.History.NextAfter(Context, EventKind.Opened, time)!;
        Assert.True(opened.Epoch > lost.Epoch, $"epoch {opened.Epoch} follows {lost.Epoch}");
        Times.Add(time, cluster.History.NextAfter(Context, EventKind.Offered, lost.At)?.At, times.Offered);
        Times.Add(time, cluster.History.NextAfter(Context, EventKind.Released, time)?.At, times.Released);
        Times.Add(time, opened.At, times.Opened);
        Times.Add(time, cluster.History.NextAfter(Context, EventKind.FirstToken, time, lost.Process)!.At, times.FirstToken);
    }

    /// <summary>Where the time goes.</summary>
    private sealed class Times
    {
        public Latencies Closed { get; } = new("to the close of the killed process's pipes, for reference");

        public Latencies Offered { get; } = new("to the offer");

        public Latencies Released { get; } = new("to the end of the release");

        public Latencies Opened { get; } = new("to the successor's first logits");

        public Latencies FirstToken { get; } = new("to the end of the successor's first step");

        public static void Add(long from, long? to, Latencies latencies)
        {
            if (to > from)
            {
                latencies.Add(Stopwatch.GetElapsedTime(from, to.Value));
            }
        }

        public override string ToString() => string.Join('\n', new[] { Closed, Offered, Released, Opened, FirstToken }.Where(item => item.Count > 0));
    }
}
