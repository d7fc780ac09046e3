using System.Diagnostics;
using Swarm.EndToEnd.Agent;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Breaks something in each round, waits until all is well again, and measures how long that takes.</summary>
/// <param name="cluster">What is broken.</param>
/// <param name="settings">Settings.</param>
/// <param name="random">Decides everything.</param>
internal sealed class ChaosRounds(ChaosCluster cluster, ChaosSettings settings, Random random)
{
    private readonly Queue<Disturbance> _deck = new();

    /// <summary>From an agent's loss to its successor's first token, the silence of its take-over not counted.</summary>
    public Latencies AgentLoss { get; } = new("agent lost to successor's first token, beyond the declared silence");

    /// <summary>From the order to take a released context to its first token.</summary>
    public Latencies Handoff { get; } = new("planned handoff to first token");

    /// <summary>From a silo's loss to acknowledged appends of its contexts.</summary>
    public Latencies SiloLoss { get; } = new("silo lost to its contexts' accepted appends");

    /// <summary>The same for a silo that was told to end.</summary>
    public Latencies SiloRestart { get; } = new("silo stopping to its contexts' accepted appends");

    /// <summary>From the loss of both to the successor's first token, the silence not counted.</summary>
    public Latencies BothLost { get; } = new("agent and silo lost to successor's first token, beyond the declared silence");

    /// <summary>From the waking of a silo that was declared dead to its own end.</summary>
    public Latencies ZombieSilo { get; } = new("silo that was declared dead, awake to ended");

    private string[] OfSilo(SupervisedSilo silo) =>
        [.. cluster.Contexts.Where(context => cluster.History.AttachedTo(context) == silo.DataPlane)];

    /// <summary>Runs one round.</summary>
    /// <returns>What was broken.</returns>
    public async Task<Disturbance> RunAsync()
    {
        if (_deck.Count == 0)
        {
            var kinds = Enum.GetValues<Disturbance>();
            random.Shuffle(kinds);
            Array.ForEach(kinds, _deck.Enqueue);
        }

        var kind = _deck.Dequeue();
        await cluster.WaitUntilWholeAsync();
        var hosted = cluster.Contexts.Order(StringComparer.Ordinal).ElementAt(random.Next(cluster.Contexts.Count()));
        var silo = cluster.Silos.First(silo => silo.DataPlane == cluster.History.AttachedTo(hosted)); // One with contexts.
        var agents = cluster.Working[random.Next(cluster.Working.Count)];
        await (kind switch
        {
            Disturbance.KillAgents => ReplaceAsync(agents, Signals.Kill, AgentLoss),
            Disturbance.StopAgents => ReplaceAsync(agents, Signals.Stop, AgentLoss),
            Disturbance.ReleaseAgents => HandOffAsync(agents),
            Disturbance.KillSilo => LoseAsync(silo, Signals.Kill, SiloLoss),
            Disturbance.StopSilo => StopAsync(silo),
            Disturbance.PauseSilo => PauseAsync(silo),
            Disturbance.RestartSilo => LoseAsync(silo, Signals.Terminate, SiloRestart),
            _ => LoseBothAsync(silo, agents),
        });
        await cluster.WaitForProgressAsync(Stopwatch.GetTimestamp());
        return kind;
    }

    /// <summary>All agents give their contexts back.</summary>
    public async Task ReleaseAllAsync()
    {
        await cluster.WaitUntilWholeAsync();
        var time = Stopwatch.GetTimestamp();
        await Task.WhenAll(cluster.Working.Select(process => process.ReleaseAsync()));
        await WaitForAllAsync(cluster.Contexts, EventKind.Released, time, null);
    }

    private async Task ReplaceAsync(AgentProcess lost, string signal, Latencies latencies)
    {
        var time = Stopwatch.GetTimestamp();
        await Signals.SendAsync(signal, lost.Id);
        var successor = cluster.Standby;
        await successor.TakeAsync(settings.Silence, lost.Contexts);
        cluster.Working[cluster.Working.IndexOf(lost)] = successor;
        if (signal == Signals.Kill)
        {
            cluster.Standby = cluster.StartAgents();
        }

        await MeasureAsync(successor, EventKind.FirstToken, time, settings.Silence, latencies);
        if (signal == Signals.Stop)
        {
            time = Stopwatch.GetTimestamp();
            await Signals.SendAsync(Signals.Continue, lost.Id);
            await WaitForAllAsync(lost.Contexts, EventKind.Fenced, time, lost.Name);
            cluster.Standby = lost;
        }
    }

    private async Task HandOffAsync(AgentProcess holder)
    {
        var time = Stopwatch.GetTimestamp();
        await holder.ReleaseAsync();
        await WaitForAllAsync(holder.Contexts, EventKind.Released, time, holder.Name);
        time = Stopwatch.GetTimestamp();
        var successor = cluster.Standby;
        await successor.TakeAsync(settings.Silence, holder.Contexts);
        cluster.Working[cluster.Working.IndexOf(holder)] = successor;
        cluster.Standby = holder;
        await MeasureAsync(successor, EventKind.FirstToken, time, TimeSpan.Zero, Handoff);
    }

    private async Task LoseAsync(SupervisedSilo silo, string signal, Latencies latencies)
    {
        var contexts = OfSilo(silo);
        var process = await silo.Up;
        var exited = process.Exited;
        var time = Stopwatch.GetTimestamp();
        await Signals.SendAsync(signal, process.Id);
        await MeasureAcceptanceAsync(contexts, time, latencies);
        await exited.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private async Task StopAsync(SupervisedSilo silo)
    {
        var contexts = OfSilo(silo);
        var process = await silo.Up;
        var exited = process.Exited;
        var time = Stopwatch.GetTimestamp();
        await Signals.SendAsync(Signals.Stop, process.Id);
        try
        {
            await MeasureAcceptanceAsync(contexts, time, SiloLoss);
        }
        finally
        {
            await Signals.SendAsync(Signals.Continue, process.Id);
        }

        // It was declared dead: it must find that out and end, so that it is started anew.
        time = Stopwatch.GetTimestamp();
        await exited.WaitAsync(TimeSpan.FromMinutes(1));
        ZombieSilo.Add(Stopwatch.GetElapsedTime(time));
    }

    private async Task PauseAsync(SupervisedSilo silo)
    {
        var process = await silo.Up;
        await Signals.SendAsync(Signals.Stop, process.Id);
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 1200)));
        await Signals.SendAsync(Signals.Continue, process.Id);
    }

    private async Task LoseBothAsync(SupervisedSilo silo, AgentProcess agents)
    {
        var process = await silo.Up;
        await Signals.SendAsync(Signals.Kill, process.Id);
        await ReplaceAsync(agents, Signals.Kill, BothLost);
    }

    private async Task MeasureAcceptanceAsync(string[] contexts, long time, Latencies latencies)
    {
        await cluster.WaitAsync(
            () => contexts.All(context => cluster.History.AcceptedAfter(context, time) is not null),
            () => "the lost silo's contexts to accept appends; missing: "
                + string.Join(", ", contexts.Where(context => cluster.History.AcceptedAfter(context, time) is null)));
        foreach (var context in contexts)
        {
            latencies.Add(Stopwatch.GetElapsedTime(time, cluster.History.AcceptedAfter(context, time)!.Value));
        }
    }

    private async Task MeasureAsync(
        AgentProcess successor, EventKind kind, long time, TimeSpan notCounted, Latencies latencies)
    {
        await WaitForAllAsync(successor.Contexts, kind, time, successor.Name);
        foreach (var context in successor.Contexts)
        {
            var end = cluster.History.FirstAfter(context, kind, time, successor.Name)!.Value;
            latencies.Add(Stopwatch.GetElapsedTime(time, end) - notCounted);
        }
    }

    private Task WaitForAllAsync(IEnumerable<string> contexts, EventKind kind, long time, string? process) =>
        cluster.WaitAsync(
            () => contexts.All(context => cluster.History.FirstAfter(context, kind, time, process) is not null),
            $"'{kind}' of {process} on all its contexts");
}
