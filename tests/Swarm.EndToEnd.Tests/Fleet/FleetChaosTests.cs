using System.Diagnostics;
using System.Globalization;
using Swarm.EndToEnd.Agent;
using Swarm.EndToEnd.Tests.Chaos;
using Swarm.Testing;
using Swarm.Testing.Network;
using Xunit;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>
/// Three silos and a fleet of sixty agents in real processes that hand forty contexts over by themselves, while processes are killed and stopped, links
/// cut and silos lost, one on top of the other. Promises 1, 4, 5 and 6, checked from what the agents recorded; and each context has a holder again.
/// </summary>
/// <remarks>
/// <c>SWARM_FLEET_SECONDS</c> is for how long; <c>SWARM_FLEET_PAUSE_MS</c> the mean pause between two disturbances, 800 by default;
/// <c>SWARM_FLEET_STORE=azurite</c> takes Azurite in place of a folder.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class FleetChaosTests(ITestOutputHelper output)
{
    private const int Contexts = 40;
    private const int ProcessCount = 4;
    private const int AgentsEach = 15;

    private static readonly TimeSpan _betweenSilos = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _mostWithoutHolder = TimeSpan.FromSeconds(30);

    private readonly SeededTest _seeded = new();

    private enum Disturbance
    {
        KillAgents,
        StopAgents,
        CutLinks,
        AskForSuccessor,
        KillSilo,
        PauseSilo,
    }

    [Fact]
    public async Task Fleet_WhoseMembersAreLost_HoldsEveryContextAgainAndLosesNothing()
    {
        if (Environment.GetEnvironmentVariable("SWARM_FLEET_STORE") == "azurite")
        {
            await using var azurite = new AzuriteFixture();
            await azurite.InitializeAsync();
            await RunAsync(
                "--Swarm:Store:Kind=azure", $"--Swarm:Store:ConnectionString={azurite.ConnectionString}", $"--Swarm:Store:Container={azurite.NewContainer()}");
        }
        else
        {
            using var store = new TempDirectory();
            await RunAsync($"--Swarm:Store:Path={store.Path}");
        }
    }

    private static int Number(string variable, int standard) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : standard;

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"fleet/context-{index}");

    private async Task RunAsync(params string[] store)
    {
        var time = TimeSpan.FromSeconds(Number("SWARM_FLEET_SECONDS", 8));
        using var temporary = new TempDirectory();
        var folder = Directory.CreateDirectory(
            Path.Combine(Environment.GetEnvironmentVariable("SWARM_CHAOS_KEEP") ?? temporary.Path, $"fleet-{_seeded.Seed}-{Environment.ProcessId}")).FullName;
        List<CuttingProxy> links = [];
        await using var cluster = await FleetCluster.StartAsync(
            folder, store, silos: 3, _seeded.Random, ProcessCount, AgentsEach, TimeSpan.FromMilliseconds(100), Arguments);
        try
        {
            for (var process = 0; process < ProcessCount; process++)
            {
                await cluster.Processes[process].HoldAsync([.. Enumerable.Range(0, Contexts).Where(context => context % ProcessCount == process).Select(Name)]);
            }

            await WaitForProgressAsync(cluster, 0);
            var broken = new Breakages();
            var done = await DisturbAsync(cluster, links, broken, time);
            await WaitForProgressAsync(cluster, Stopwatch.GetTimestamp());
            await cluster.LeaveAsync();
            var violations = await cluster.CheckAsync();
            var gaps = FleetGaps.Of(cluster.Tail.Events, cluster.Granted, broken);
            output.WriteLine(
                $"{time.TotalSeconds:0} s, {string.Join(", ", done.GroupBy(kind => kind).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"))}; "
                + $"{cluster.Tail.Events.Count(item => item.Kind == EventKind.Opened)} sessions, {cluster.Tail.Events.Count} events\n{gaps}");
            Assert.True(violations.Count == 0, string.Join('\n', violations.Take(20)));
            Assert.InRange(gaps.All.Max, 0, _mostWithoutHolder.TotalSeconds);
        }
        finally
        {
            await cluster.DumpAsync();
            foreach (var link in links)
            {
                await link.DisposeAsync();
            }
        }

        // Each process has links of its own to all silos.
        string[] Arguments(List<SupervisedSilo> silos, int process)
        {
            while (links.Count < (process + 1) * silos.Count)
            {
                links.Add(new CuttingProxy(silos[links.Count % silos.Count].DataPlane));
            }

            return
            [
                "silence-ms=1000", "heartbeat-ms=250",
                .. silos.Select((silo, index) => $"map:{silo.DataPlane}={links[(process * silos.Count) + index].Endpoint}"),
            ];
        }
    }

    /// <summary>Breaks one thing after the other, and mends all in the end.</summary>
    private async Task<List<Disturbance>> DisturbAsync(FleetCluster cluster, List<CuttingProxy> links, Breakages broken, TimeSpan time)
    {
        var random = _seeded.Random;
        var kinds = Enum.GetValues<Disturbance>();
        var pauseBetween = Number("SWARM_FLEET_PAUSE_MS", 800);
        List<Disturbance> done = [];
        List<Task> mending = [];
        Dictionary<AgentProcess, Task> stopped = [];
        Task silo = Task.CompletedTask; // One is disturbed at a time, and then none for a while.
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time;)
        {
            await Task.Delay(random.Next(pauseBetween / 8, pauseBetween * 15 / 8));
            cluster.History.Poll();
            var kind = kinds[random.Next(kinds.Length)];
            var process = cluster.Processes[random.Next(ProcessCount)];
            var pause = TimeSpan.FromMilliseconds(random.Next(50, 4000));
            var other = random.Next(1000);
            if (stopped.GetValueOrDefault(process) is { IsCompleted: false } || (kind is Disturbance.KillSilo or Disturbance.PauseSilo && !silo.IsCompleted))
            {
                continue;
            }

            done.Add(kind);
            switch (kind)
            {
                case Disturbance.KillAgents:
                    broken.Killed(process.Name);
                    process.Kill();
                    await cluster.RestartAsync(process);
                    break;
                case Disturbance.StopAgents:
                    mending.Add(stopped[process] = broken.Disturbed(process.Name, StopAsync(process.Id, pause)));
                    break;
                case Disturbance.CutLinks:
                    var link = other % links.Count;
                    mending.Add(broken.Disturbed(cluster.Processes[link / cluster.Silos.Count].Name, CutAsync(links[link], pause)));
                    break;
                case Disturbance.AskForSuccessor:
                    await Task.WhenAll(cluster.Processes.Select(holder => holder.RequestHandoffAsync(Name(other % Contexts))));
                    break;
                case Disturbance.KillSilo:
                    silo = RestAsync(broken.Silo(KillAsync(cluster.Silos[other % cluster.Silos.Count])));
                    break;
                default:
                    silo = RestAsync(broken.Silo(PauseAsync(cluster.Silos[other % cluster.Silos.Count], pause / 4)));
                    break;
            }
        }

        await Task.WhenAll(mending);
        return done;

        Task RestAsync(Task disturbing)
        {
            mending.Add(disturbing);
            return Task.WhenAll(disturbing, Task.Delay(_betweenSilos));
        }

        static async Task StopAsync(int process, TimeSpan pause)
        {
            await Signals.SendAsync(Signals.Stop, process);
            await Task.Delay(pause);
            await Signals.SendAsync(Signals.Continue, process);
        }

        static async Task CutAsync(CuttingProxy link, TimeSpan pause)
        {
            link.Stop();
            await Task.Delay(pause);
            link.Mend();
        }

        static async Task KillAsync(SupervisedSilo silo)
        {
            var process = await silo.Up;
            var exited = process.Exited;
            await Signals.SendAsync(Signals.Kill, process.Id);
            await exited;
            await silo.Up.WaitAsync(TimeSpan.FromMinutes(1));
        }

        static async Task PauseAsync(SupervisedSilo silo, TimeSpan pause) => await StopAsync((await silo.Up).Id, pause);
    }

    private static Task WaitForProgressAsync(FleetCluster cluster, long time) => cluster.WaitAsync(
        () => Enumerable.Range(0, Contexts).All(context => cluster.History.AcceptedAfter(Name(context), time) is not null),
        () => "every context to accept appends; these did not: "
            + string.Join(' ', Enumerable.Range(0, Contexts).Select(Name).Where(context => cluster.History.AcceptedAfter(context, time) is null)));
}
