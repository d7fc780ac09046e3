namespace Swarm.Host;

/// <summary>A silo cannot start as it is set up. Nothing of it runs.</summary>
/// <param name="faults">One sentence for each fault.</param>
public sealed class HostStartException(IReadOnlyList<string> faults)
    : Exception(string.Join(Environment.NewLine, faults.Prepend("The silo cannot start:").Select((line, i) => i == 0 ? line : $"  - {line}")))
{
    /// <summary>One sentence for each fault: the setting, its value, what is allowed, and the remedy.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
