using System.Globalization;

namespace Swarm.EndToEnd.Tests.Chaos;

/// <summary>How much chaos: a short run by default, longer ones by environment variables.</summary>
/// <param name="rounds">Rounds of an ordinary test run.</param>
internal sealed class ChaosSettings(int rounds)
{
    /// <summary><c>SWARM_CHAOS_ROUNDS</c>: how often something is broken; eight rounds break everything once.</summary>
    public int Rounds { get; } = Number("SWARM_CHAOS_ROUNDS", rounds);

    /// <summary><c>SWARM_CHAOS_PROCESSES</c>: agent processes at work; one more stands by. Default 5.</summary>
    public int Processes { get; } = Number("SWARM_CHAOS_PROCESSES", 5);

    /// <summary><c>SWARM_CHAOS_AGENTS</c>: agents of each process, a context each. Default 10.</summary>
    public int AgentsEach { get; } = Number("SWARM_CHAOS_AGENTS", 10);

    /// <summary><c>SWARM_CHAOS_PERIOD_MS</c>: mean pause between two steps of an agent. Default 100.</summary>
    public TimeSpan Period { get; } = TimeSpan.FromMilliseconds(Number("SWARM_CHAOS_PERIOD_MS", 100));

    /// <summary><c>SWARM_CHAOS_SILENCE_MS</c>: how long an agent must be silent before it is replaced. Default 2,000.</summary>
    public TimeSpan Silence { get; } = TimeSpan.FromMilliseconds(Number("SWARM_CHAOS_SILENCE_MS", 2000));

    /// <summary>
    /// <c>SWARM_CHAOS_SILO_LOSS_MS</c>: how long the contexts of a lost silo may refuse appends. Default 20,000, for a
    /// busy machine; the goal is 10,000.
    /// </summary>
    public TimeSpan MaxSiloLoss { get; } = TimeSpan.FromMilliseconds(Number("SWARM_CHAOS_SILO_LOSS_MS", 20_000));

    /// <summary><c>SWARM_CHAOS_KEEP</c>: a folder that keeps history and logs; by default they go away.</summary>
    public string? Keep { get; } = Environment.GetEnvironmentVariable("SWARM_CHAOS_KEEP");

    /// <summary><c>SWARM_CHAOS_SILO</c>: more settings of the silos, with spaces between; by default none.</summary>
    public string[] SiloSettings { get; } =
        (Environment.GetEnvironmentVariable("SWARM_CHAOS_SILO") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
