using System.Globalization;

namespace Swarm.EndToEnd.Agent;

/// <summary>The command line: <c>name address history period-ms</c>, and then any of <c>step-ms=</c>, <c>silence-ms=</c>, <c>heartbeat-ms=</c> and <c>map:endpoint=endpoint</c>.</summary>
/// <param name="Name">Name of the process, part of its agents' names.</param>
/// <param name="Address">Where the silos are.</param>
/// <param name="History">The history file to make.</param>
/// <param name="Period">Pause between two steps of an agent.</param>
internal sealed record AgentArguments(string Name, string Address, string History, TimeSpan Period)
{
    private const string MapPrefix = "map:";

    /// <summary>How long a step takes; zero: as long as the model's arithmetic.</summary>
    public TimeSpan Step { get; private init; }

    /// <summary>Settings of sessions; the defaults where nothing is said.</summary>
    public MemoryOptions Memory { get; private init; } = new();

    /// <summary>Data planes that are reached by way of another endpoint.</summary>
    public IReadOnlyDictionary<string, string> Endpoints { get; private init; } = new Dictionary<string, string>();

    /// <summary>Reads a command line.</summary>
    public static AgentArguments Parse(string[] args)
    {
        var more = args.Skip(4).Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        var memory = new MemoryOptions();
        if (Milliseconds("heartbeat-ms") is { } heartbeat)
        {
            memory.HeartbeatInterval = heartbeat;
        }

        if (Milliseconds("silence-ms") is { } silence)
        {
            memory.HandoffPolicy = new HandoffPolicy { HolderSilence = silence };
        }

        return new AgentArguments(args[0], args[1], args[2], TimeSpan.FromMilliseconds(int.Parse(args[3], CultureInfo.InvariantCulture)))
        {
            Step = Milliseconds("step-ms") ?? TimeSpan.Zero,
            Memory = memory,
            Endpoints = more.Where(pair => pair.Key.StartsWith(MapPrefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[MapPrefix.Length..], pair => pair.Value),
        };

        TimeSpan? Milliseconds(string name) =>
            more.TryGetValue(name, out var text) ? TimeSpan.FromMilliseconds(int.Parse(text, CultureInfo.InvariantCulture)) : null;
    }
}
