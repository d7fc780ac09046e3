using Microsoft.Extensions.Logging;
using Swarm.Grains.Abstractions;

namespace Swarm.Grains;

/// <summary>Every log message of the grains. Event ids 4000 to 4099.</summary>
internal static partial class GrainsLog
{
    [LoggerMessage(4000, LogLevel.Information, "Context {Context} of tenant {Tenant} made.", EventName = "Grains.Created")]
    public static partial void Created(ILogger logger, string context, string tenant);

    [LoggerMessage(
        4001,
        LogLevel.Information,
        "Context {Context} of tenant {Tenant} acquired in epoch {Epoch} by agent '{Agent}' ({Mode}); holder before: {PreviousHolder}.",
        EventName = "Grains.Acquired")]
    public static partial void Acquired(
        ILogger logger, string context, string tenant, ulong epoch, string agent, string previousHolder, AcquireMode mode);

    [LoggerMessage(
        4002,
        LogLevel.Information,
        "Context {Context} of tenant {Tenant} released: the session of epoch {SessionEpoch} is over, the epoch is {Epoch}; reserved for: {To}.",
        EventName = "Grains.Released")]
    public static partial void Released(
        ILogger logger, string context, string tenant, ulong sessionEpoch, ulong epoch, string to);

    [LoggerMessage(4003, LogLevel.Debug, "Context {Context} is closed with its grain: {Reason}.", EventName = "Grains.Deactivating")]
    public static partial void Deactivating(ILogger logger, string context, DeactivationReasonCode reason);

    [LoggerMessage(4004, LogLevel.Warning, "Context {Context} did not close cleanly; whoever opens it next recovers it.", EventName = "Grains.CloseFailed")]
    public static partial void CloseFailed(ILogger logger, string context, Exception exception);

    [LoggerMessage(4005, LogLevel.Error, "A request on context {Name} of tenant {Tenant} failed in the store.", EventName = "Grains.StoreFailed")]
    public static partial void StoreFailed(ILogger logger, string tenant, string name, Exception exception);

    [LoggerMessage(4016, LogLevel.Error, "A request on context {Name} of tenant {Tenant} failed in the silo, and is refused.", EventName = "Grains.RequestFailed")]
    public static partial void RequestFailed(ILogger logger, string tenant, string name, Exception exception);

    [LoggerMessage(4006, LogLevel.Warning, "A client's call of {Interface} on tenant '{Tenant}' was refused: its credential does not allow it.", EventName = "Grains.CallRefused")]
    public static partial void CallRefused(ILogger logger, string @interface, string tenant);

    [LoggerMessage(4007, LogLevel.Warning, "The membership table could not be read for its gateways: {Fault}", EventName = "Grains.GatewaysUnknown")]
    public static partial void GatewaysUnknown(ILogger logger, string fault);

    [LoggerMessage(4008, LogLevel.Information, "Context {Context} was taken to have KV to share up to {Position}, and has not: {Reason}", EventName = "Grains.PrefixWrong")]
    public static partial void PrefixWrong(ILogger logger, string context, long position, string reason);

    [LoggerMessage(4010, LogLevel.Information, "Tenant {Tenant}: agent {Agent} joined the fleet, for {Models} models and {FreePositions} positions.", EventName = "Grains.MemberJoined")]
    public static partial void MemberJoined(ILogger logger, string tenant, string agent, int models, long freePositions);

    [LoggerMessage(4011, LogLevel.Information, "Tenant {Tenant}: agent {Agent} left the fleet.", EventName = "Grains.MemberLeft")]
    public static partial void MemberLeft(ILogger logger, string tenant, string agent);

    [LoggerMessage(4012, LogLevel.Information, "Tenant {Tenant}: context {Context} is offered {What} to agent {Agent}: {Reason}", EventName = "Grains.Offered")]
    public static partial void Offered(ILogger logger, string tenant, string context, string what, string agent, string reason);

    [LoggerMessage(4013, LogLevel.Debug, "The fleet of tenant {Tenant} could not be told of contexts here, which is tried again: {Fault}", EventName = "Grains.FleetNotTold")]
    public static partial void FleetNotTold(ILogger logger, string tenant, string fault);

    [LoggerMessage(4014, LogLevel.Information, "Tenant {Tenant}: context {Context} was open nowhere any more, and is open again for its fleet.", EventName = "Grains.Reopened")]
    public static partial void Reopened(ILogger logger, string tenant, string context);

    [LoggerMessage(4015, LogLevel.Information, "Tenant {Tenant}: context {Context} is open nowhere and could not be opened for its fleet, which is tried again: {Fault}", EventName = "Grains.NotReopened")]
    public static partial void NotReopened(ILogger logger, string tenant, string context, string fault);

    [LoggerMessage(4009, LogLevel.Error, "Tenant {Tenant}: a request was refused. {Reason}", EventName = "Grains.Damaged")]
    public static partial void Damaged(ILogger logger, string tenant, string reason);
}
