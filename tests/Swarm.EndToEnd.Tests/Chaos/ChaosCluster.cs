using System.Diagnostics;
using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Three silos under supervision, agent processes at work, one that stands by, and their history.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(20);
    private readonly List<AgentProcess> _all = [];
    private readonly string _folder;
    private readonly ChaosSettings _settings;

    private ChaosCluster(string folder, ChaosSettings settings, List<SupervisedSilo> silos)
    {
        _folder = folder;
        _settings = settings;
        Silos = silos;
        Address = "swarm://" + string.Join(',', silos.Select(silo => silo.Address));
        Tail = new HistoryTail(folder);
        History = new HistoryIndex(Tail);
        Standby = StartAgents();
    }

    /// <summary>The silos.</summary>
    public List<SupervisedSilo> Silos { get; }

    /// <summary>Processes whose agents hold contexts.</summary>
    public List<AgentProcess> Working { get; } = [];

    /// <summary>The process whose agents are the next successors.</summary>
    public AgentProcess Standby { get; set; }

    /// <summary>All that was recorded.</summary>
    public HistoryTail Tail { get; }

    /// <summary>The same by context.</summary>
    public HistoryIndex History { get; }

    /// <summary>All gateways.</summary>
    public string Address { get; }

    /// <summary>Names of all contexts.</summary>
    public IEnumerable<string> Contexts => Working.SelectMany(process => process.Contexts);

    /// <summary>Starts everything, and waits until all agents stream.</summary>
    public static async Task<ChaosCluster> StartAsync(
        string folder, string[] store, ChaosSettings settings, Random random)
    {
        List<SupervisedSilo> silos = [];
        ChaosCluster? cluster = null;
        try
        {
            for (var index = 0; index < 3; index++)
            {
                silos.Add(SupervisedSilo.Start(
                    random, [.. store, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true", .. settings.SiloSettings]));
            }

            await Task.WhenAll(silos.Select(silo => silo.Up)).WaitAsync(TimeSpan.FromMinutes(1));
            cluster = new ChaosCluster(folder, settings, silos);
            List<Task> opening = [];
            for (var process = 0; process < settings.Processes; process++)
            {
                var first = process * settings.AgentsEach;
                var agents = cluster.StartAgents();
                cluster.Working.Add(agents);
                opening.Add(agents.OpenAsync([.. Enumerable.Range(first, settings.AgentsEach).Select(Name)]));
            }

            await Task.WhenAll(opening);
            await cluster.WaitForProgressAsync(0);
            return cluster;
        }
        catch
        {
            await (cluster?.DumpAsync() ?? Task.CompletedTask);
            await (cluster?.DisposeAsync() ?? ValueTask.CompletedTask);
            await Task.WhenAll(silos.Select(silo => silo.DisposeAsync().AsTask()));
            throw;
        }

        static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"chaos/context-{index}");
    }

    /// <summary>Starts a process that stands by.</summary>
    public AgentProcess StartAgents()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"p{_all.Count}");
        var process = AgentProcess.Start(name, _folder, Address, _settings.Period);
        _all.Add(process);
        return process;
    }

    /// <summary>Waits until all silos run and the standby is connected.</summary>
    public async Task WaitUntilWholeAsync()
    {
        await Task.WhenAll(Silos.Select(silo => silo.Up)).WaitAsync(TimeSpan.FromMinutes(1));
        await WaitAsync(() => History.IsReady(Standby.Name), "the standby to connect");
    }

    /// <summary>Waits until every context has acknowledged something that was fed after a time.</summary>
    public Task WaitForProgressAsync(long time) => WaitAsync(
        () => Contexts.All(context => History.AcceptedAfter(context, time) is not null),
        () => "every context to accept appends; these did not: "
            + string.Join(' ', Contexts.Where(context => History.AcceptedAfter(context, time) is null)));

    /// <summary>Waits for a condition on the history.</summary>
    public Task WaitAsync(Func<bool> condition, string what) => WaitAsync(condition, () => what);

    /// <summary>Waits for a condition on the history.</summary>
    public async Task WaitAsync(Func<bool> condition, Func<string> what)
    {
        var deadline = TimeSpan.FromMinutes(1);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            History.Poll();
            if (condition())
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(started) > deadline)
            {
                throw new TimeoutException($"Waited {deadline} for {what()}.");
            }

            await Task.Delay(PollPeriod);
        }
    }

    /// <summary>Writes what processes printed into the folder.</summary>
    public async Task DumpAsync()
    {
        foreach (var process in _all)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, process.Name + ".log"), process.Errors);
        }

        foreach (var (silo, index) in Silos.Select((silo, index) => (silo, index)))
        {
            var present = silo.Up.IsCompletedSuccessfully ? (await silo.Up).Output : "down";
            await File.WriteAllLinesAsync(Path.Combine(_folder, $"silo{index}.log"), [.. silo.Ends, present]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _all)
        {
            await process.DisposeAsync();
        }

        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }
    }
}
