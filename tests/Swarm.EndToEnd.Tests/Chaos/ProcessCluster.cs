using System.Diagnostics;
using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>Silos under supervision, processes of agents, and their history.</summary>
internal class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(20);
    private readonly List<AgentProcess> _all = [];
    private readonly string _folder;
    private readonly TimeSpan _period;

    /// <summary>Takes silos that are started.</summary>
    /// <param name="folder">Where histories and logs go.</param>
    /// <param name="period">Mean pause between two steps of an agent.</param>
    /// <param name="silos">The silos.</param>
    protected ProcessCluster(string folder, TimeSpan period, List<SupervisedSilo> silos)
    {
        _folder = folder;
        _period = period;
        Silos = silos;
        Address = "swarm://" + string.Join(',', silos.Select(silo => silo.Address));
        Tail = new HistoryTail(folder);
        History = new HistoryIndex(Tail);
    }

    /// <summary>The silos.</summary>
    public List<SupervisedSilo> Silos { get; }

    /// <summary>All that was recorded.</summary>
    public HistoryTail Tail { get; }

    /// <summary>The same by context.</summary>
    public HistoryIndex History { get; }

    /// <summary>All gateways.</summary>
    public string Address { get; }

    /// <summary>Starts silos, and waits until they are ready.</summary>
    protected static async Task<List<SupervisedSilo>> StartSilosAsync(int count, Random random, string[] settings)
    {
        List<SupervisedSilo> silos = [];
        string[] cluster = count == 1 ? [] : ["--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true"];
        try
        {
            for (var index = 0; index < count; index++)
            {
                silos.Add(SupervisedSilo.Start(random, [.. settings, .. cluster]));
            }

            await Task.WhenAll(silos.Select(silo => silo.Up)).WaitAsync(TimeSpan.FromMinutes(1));
            return silos;
        }
        catch
        {
            await Task.WhenAll(silos.Select(silo => silo.DisposeAsync().AsTask()));
            throw;
        }
    }

    /// <summary>Starts a process that waits for orders.</summary>
    /// <param name="more">More of its arguments.</param>
    public AgentProcess StartAgents(params string[] more)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"p{_all.Count}");
        var process = AgentProcess.Start(name, _folder, Address, _period, more);
        _all.Add(process);
        return process;
    }

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

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
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
