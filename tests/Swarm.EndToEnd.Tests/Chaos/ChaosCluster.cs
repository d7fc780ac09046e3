using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Three silos, agent processes at work, and one that stands by.</summary>
internal sealed class ChaosCluster : ProcessCluster
{
    private ChaosCluster(string folder, ChaosSettings settings, List<SupervisedSilo> silos)
        : base(folder, settings.Period, silos) => Standby = StartAgents();

    /// <summary>Processes whose agents hold contexts.</summary>
    public List<AgentProcess> Working { get; } = [];

    /// <summary>The process whose agents are the next successors.</summary>
    public AgentProcess Standby { get; set; }

    /// <summary>Names of all contexts.</summary>
    public IEnumerable<string> Contexts => Working.SelectMany(process => process.Contexts);

    /// <summary>Starts everything, and waits until all agents stream.</summary>
    public static async Task<ChaosCluster> StartAsync(
        string folder, string[] store, ChaosSettings settings, Random random)
    {
        var silos = await StartSilosAsync(3, random, [.. store, .. settings.SiloSettings]);
        var cluster = new ChaosCluster(folder, settings, silos);
        try
        {
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
            await cluster.DumpAsync();
            await cluster.DisposeAsync();
            throw;
        }

        static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"chaos/context-{index}");
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
}
