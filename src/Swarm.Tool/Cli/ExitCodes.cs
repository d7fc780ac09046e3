namespace Swarm.Tool.Cli;

/// <summary>Exit codes of the command.</summary>
internal static class ExitCodes
{
    /// <summary>What was looked at is sound.</summary>
    public const int Clean = 0;

    /// <summary>Damage was found.</summary>
    public const int Damaged = 1;

    /// <summary>An option is wrong, or the store cannot be reached, or is none of Swarm's.</summary>
    public const int Failed = 2;
}
