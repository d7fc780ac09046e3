using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Swarm.EndToEnd.Agent;
using Swarm.EndToEnd.Tests.Chaos;

namespace Swarm.EndToEnd.Tests.Fleet;

/// <summary>Silos, and processes whose agents have joined the fleet; a process that is killed is started again, with the same agents.</summary>
internal sealed partial class FleetCluster : ProcessCluster
{
    private readonly ConcurrentQueue<HistoryEvent> _granted = new();
    private readonly int _agentsEach;
    private readonly Func<int, string[]> _arguments;

    private FleetCluster(string folder, TimeSpan period, List<SupervisedSilo> silos, int agentsEach, Func<int, string[]>? arguments)
        : base(folder, period, silos)
    {
        _agentsEach = agentsEach;
        _arguments = arguments ?? (_ => []);
        foreach (var silo in silos)
        {
            silo.LineRead = NoteGrant;
        }
    }

    /// <summary>The processes that run now.</summary>
    public List<AgentProcess> Processes { get; } = [];

    /// <summary>Starts silos and processes, and waits until all agents have joined.</summary>
    /// <param name="folder">Where histories and logs go.</param>
    /// <param name="store">Settings of the store.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="random">Decides everything.</param>
    /// <param name="processes">How many processes.</param>
    /// <param name="agentsEach">Agents of each process.</param>
    /// <param name="period">Mean pause between two steps of an agent.</param>
    /// <param name="arguments">More arguments of a process, by its index, once the silos run.</param>
    public static async Task<FleetCluster> StartAsync(
        string folder,
        string[] store,
        int silos,
        Random random,
        int processes,
        int agentsEach,
        TimeSpan period,
        Func<List<SupervisedSilo>, int, string[]>? arguments = null)
    {
        var running = await StartSilosAsync(silos, random, [.. store, "--Logging:LogLevel:Swarm.Grains.Contexts=Information"]);
        var cluster = new FleetCluster(folder, period, running, agentsEach, index => arguments?.Invoke(running, index) ?? []);
        try
        {
            for (var index = 0; index < processes; index++)
            {
                cluster.Processes.Add(cluster.StartAgents(cluster._arguments(index)));
                await cluster.JoinAsync(index);
            }

            await cluster.WaitAsync(() => cluster.Processes.All(process => cluster.History.IsReady(process.Name)), "all processes to connect");
            return cluster;
        }
        catch
        {
            await cluster.DumpAsync();
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>What silos have logged of grants, with the time at which the line was read: also those whose holder never heard of it.</summary>
    public IEnumerable<HistoryEvent> Granted => _granted;

    /// <summary>The process that holds a context, as far as was recorded.</summary>
    public AgentProcess? HolderOf(string context) => History.HolderOf(context) is { } opened
        ? Processes.Find(process => opened.Process.StartsWith(process.Name + "/", StringComparison.Ordinal))
        : null;

    /// <summary>Whether a context is held by a process that runs, and followed by a warm standby in another one.</summary>
    public bool IsWarm(string context) => HolderOf(context) is { } holder
        && Processes.Exists(process => process != holder && History.Follows(context, process.Name));

    /// <summary>Starts a process anew in place of one that was killed, with the same agents.</summary>
    public Task RestartAsync(AgentProcess killed)
    {
        var index = Processes.IndexOf(killed);
        Processes[index] = StartAgents(_arguments(index));
        return JoinAsync(index);
    }

    /// <summary>All agents leave, and all contexts are given back.</summary>
    public async Task LeaveAsync()
    {
        await Task.WhenAll(Processes.Select(process => process.LeaveAsync()));
        await WaitAsync(
            () => Processes.All(process => History.HasLeft(process.Name)),
            () => "all agents to leave; these did not: " + string.Join(' ', Processes.Where(process => !History.HasLeft(process.Name)).Select(process => process.Name)));
    }

    /// <summary>Checks all that was recorded, and all that is stored.</summary>
    /// <returns>Sentences on broken promises.</returns>
    public async Task<List<string>> CheckAsync()
    {
        List<string> violations = [];
        var models = HistoryChecker.Check(Tail.Events, violations);
        await ChaosRun.CheckFinalAsync(Address, models, violations);
        return violations;
    }

    [GeneratedRegex(@"\[4001\] Context (?<context>\S+) .* acquired in epoch (?<epoch>\d+) by agent '(?<agent>drone-(?<index>\d+)-\d+)'")]
    private static partial Regex GrantLine { get; }

    private void NoteGrant(string line)
    {
        if (GrantLine.Match(line) is { Success: true } grant)
        {
            _granted.Enqueue(new HistoryEvent
            {
                Kind = EventKind.Granted,
                At = Stopwatch.GetTimestamp(),
                Process = $"{Processes[int.Parse(grant.Groups["index"].Value, CultureInfo.InvariantCulture)].Name}/{grant.Groups["agent"].Value}",
                Context = grant.Groups["context"].Value,
                Epoch = ulong.Parse(grant.Groups["epoch"].Value, CultureInfo.InvariantCulture),
            });
        }
    }

    private Task JoinAsync(int index) => Processes[index].JoinAsync([.. Enumerable.Range(0, _agentsEach).Select(agent => $"drone-{index}-{agent}")]);
}
