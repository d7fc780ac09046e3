using System.Globalization;

namespace Swarm.EndToEnd.Agent;

/// <summary>The command line: <c>name address history period-ms</c>.</summary>
/// <param name="Name">Name of the process, part of its agents' names.</param>
/// <param name="Address">Where the silos are.</param>
/// <param name="History">The history file to make.</param>
/// <param name="Period">Pause between two steps of an agent.</param>
internal sealed record AgentArguments(string Name, string Address, string History, TimeSpan Period)
{
    /// <summary>Reads a command line.</summary>
    public static AgentArguments Parse(string[] args) => new(
        args[0], args[1], args[2], TimeSpan.FromMilliseconds(int.Parse(args[3], CultureInfo.InvariantCulture)));
}
