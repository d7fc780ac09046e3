using Microsoft.Extensions.Logging;

namespace Swarm.Clustering;

/// <summary>Every log message of clustering. Event ids 4100 to 4199.</summary>
internal static partial class Log
{
    [LoggerMessage(4100, LogLevel.Debug, "Membership table {Name} was changed by another silo meanwhile, attempt {Attempt}: again.")]
    public static partial void LostRace(ILogger logger, string name, int attempt);

    [LoggerMessage(4101, LogLevel.Warning, "A write of membership table {Name} failed, with unknown outcome: {Fault} Looking again.")]
    public static partial void LostAnswer(ILogger logger, string name, string fault);
}
