using Microsoft.Extensions.Logging;
using Swarm.Storage.Log;

namespace Swarm.Clustering;

/// <summary>Every log message of clustering. Event ids 4100 to 4199.</summary>
internal static partial class ClusteringLog
{
    [LoggerMessage(4100, LogLevel.Debug, "Membership table {Name} was changed by another silo meanwhile, attempt {Attempt}: again.", EventName = "Clustering.LostRace")]
    public static partial void LostRace(ILogger logger, string name, int attempt);

    [LoggerMessage(4101, LogLevel.Warning, "A write of membership table {Name} failed, with unknown outcome: {Fault} Looking again.", EventName = "Clustering.LostAnswer")]
    public static partial void LostAnswer(ILogger logger, string name, string fault);

    [LoggerMessage(4102, LogLevel.Information, "Another silo asked for context {Context}: {Outcome}.", EventName = "Clustering.AskedToRelease")]
    public static partial void AskedToRelease(ILogger logger, string context, ReleaseOutcome outcome);

    [LoggerMessage(4103, LogLevel.Warning, "Silo {Silo}, asked for context {Context}, did not answer: {Fault}", EventName = "Clustering.PeerSilent")]
    public static partial void PeerSilent(ILogger logger, SiloAddress silo, string context, string fault);

    [LoggerMessage(4104, LogLevel.Warning, "Silo {Silo}, asked for KV to share, did not answer: {Fault}", EventName = "Clustering.PrefixPeerSilent")]
    public static partial void PrefixPeerSilent(ILogger logger, SiloAddress silo, string fault);

    [LoggerMessage(4105, LogLevel.Information, "Silo {Silo} ({Name}) is in the cluster; active: {Active}.", EventName = "Clustering.Joined")]
    public static partial void Joined(ILogger logger, SiloAddress silo, string name, int active);

    [LoggerMessage(4106, LogLevel.Information, "Silo {Silo} ({Name}) left the cluster in order; active: {Active}.", EventName = "Clustering.Left")]
    public static partial void Left(ILogger logger, SiloAddress silo, string name, int active);

    [LoggerMessage(
        4107,
        LogLevel.Warning,
        "Silo {Silo} ({Name}) was declared dead: {Reason}. Its contexts are opened elsewhere; active: {Active}.",
        EventName = "Clustering.DeclaredDead")]
    public static partial void DeclaredDead(ILogger logger, SiloAddress silo, string name, string reason, int active);

    [LoggerMessage(4108, LogLevel.Warning, "The membership table could not be read for who declared silo {Silo} dead: {Fault}", EventName = "Clustering.VotesUnknown")]
    public static partial void VotesUnknown(ILogger logger, SiloAddress silo, string fault);

    [LoggerMessage(4116, LogLevel.Warning, "Could not write to '{Name}' that this silo is {Status}; the other silos notice by themselves that it is gone. {Fault}", EventName = "Clustering.FarewellFailed")]
    public static partial void FarewellFailed(ILogger logger, SiloStatus status, string name, string fault);

    [LoggerMessage(4110, LogLevel.Warning, "The store was last used by {Holder}. Waiting up to {Seconds} s to see whether that is still there.", EventName = "Clustering.WaitsForHolder")]
    public static partial void WaitsForHolder(ILogger logger, string holder, double seconds);

    [LoggerMessage(4111, LogLevel.Warning, "{Name} could not be renewed and will be tried again: {Fault}", EventName = "Clustering.HoldNotRenewed")]
    public static partial void HoldNotRenewed(ILogger logger, string name, string fault);

    [LoggerMessage(4112, LogLevel.Critical, "This silo no longer has its store: {Reason}.", EventName = "Clustering.HoldLost")]
    public static partial void HoldLost(ILogger logger, string reason);

    [LoggerMessage(
        4113,
        LogLevel.Warning,
        "Could not release {Name}; a silo on another machine will wait up to {Seconds} s before it starts. The fault: {Fault}",
        EventName = "Clustering.HoldNotLeft")]
    public static partial void HoldNotLeft(ILogger logger, string name, double seconds, string fault);

    [LoggerMessage(
        4114,
        LogLevel.Warning,
        "{Name} is of {Holder}, not of this silo any more. Waiting up to {Seconds} s to see whether that still runs; the silo is not ready meanwhile.",
        EventName = "Clustering.HoldInDoubt")]
    public static partial void HoldInDoubt(ILogger logger, string name, string holder, double seconds);

    [LoggerMessage(4115, LogLevel.Warning, "{Name} was of {Holder}, which has ended; this silo has the store again.", EventName = "Clustering.HoldTakenBack")]
    public static partial void HoldTakenBack(ILogger logger, string name, string holder);

    [LoggerMessage(
        4109,
        LogLevel.Warning,
        "The clock of silo {Silo} differs from this machine's by {AheadSeconds:0.0} s (positive: it is ahead): its last heartbeat in the "
        + "membership table says {Time:u}. One of the two clocks is wrong. Its silence is measured by this machine's clock.",
        EventName = "Clustering.ClockDiffers")]
    public static partial void ClockDiffers(ILogger logger, string silo, double aheadSeconds, DateTime time);
}
