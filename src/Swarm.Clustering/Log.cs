using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Storage.Log;

namespace Swarm.Clustering;

/// <summary>Every log message of clustering. Event ids 4100 to 4199.</summary>
internal static partial class Log
{
    [LoggerMessage(4100, LogLevel.Debug, "Membership table {Name} was changed by another silo meanwhile, attempt {Attempt}: again.")]
    public static partial void LostRace(ILogger logger, string name, int attempt);

    [LoggerMessage(4101, LogLevel.Warning, "A write of membership table {Name} failed, with unknown outcome: {Fault} Looking again.")]
    public static partial void LostAnswer(ILogger logger, string name, string fault);

    [LoggerMessage(4102, LogLevel.Information, "Another silo asked for context {Context}: {Outcome}.")]
    public static partial void AskedToRelease(ILogger logger, ContextId context, ReleaseOutcome outcome);

    [LoggerMessage(4103, LogLevel.Warning, "Silo {Silo}, asked for context {Context}, did not answer: {Fault}")]
    public static partial void PeerSilent(ILogger logger, SiloAddress silo, ContextId context, string fault);

    [LoggerMessage(4104, LogLevel.Warning, "Silo {Silo}, asked for KV to share, did not answer: {Fault}")]
    public static partial void PrefixPeerSilent(ILogger logger, SiloAddress silo, string fault);

    [LoggerMessage(
        4105,
        LogLevel.Warning,
        "The clock of silo {Silo} differs from this machine's by {AheadSeconds:0.0} s (positive: it is ahead): its last life sign in the "
        + "membership table says {Time:u}. One of the two clocks is wrong. Its silence is measured by this machine's clock.")]
    public static partial void ClockDiffers(ILogger logger, string silo, double aheadSeconds, DateTime time);
}
