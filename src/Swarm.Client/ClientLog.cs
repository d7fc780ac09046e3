using Microsoft.Extensions.Logging;

namespace Swarm.Client;

/// <summary>Every log message of the client. Event ids 3000 to 3099.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(3001, LogLevel.Information, "Context {Context}: streaming to {Endpoint}, epoch {Epoch}, from {Tokens} and {Kv}", EventName = "Client.Streaming")]
    public static partial void Streaming(
        ILogger logger, string context, string endpoint, ulong epoch, long tokens, long kv);

    [LoggerMessage(3002, LogLevel.Warning, "Context {Context}: streaming broke off, attempt {Attempt}: {Reason}", EventName = "Client.StreamingBroke")]
    public static partial void StreamingBroke(ILogger logger, string context, int attempt, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "Context {Context}: epoch {Epoch} is fenced", EventName = "Client.Fenced")]
    public static partial void Fenced(ILogger logger, string context, ulong epoch);

    [LoggerMessage(3004, LogLevel.Error, "Context {Context}: streaming ended for good", EventName = "Client.StreamingFailed")]
    public static partial void StreamingFailed(ILogger logger, string context, Exception exception);

    [LoggerMessage(3005, LogLevel.Warning, "Context {Context}: stored KV of {Count} positions from {Position} on is not used: {Reason}", EventName = "Client.KvDiscarded")]
    public static partial void KvDiscarded(ILogger logger, string context, long position, int count, string reason);

    [LoggerMessage(3006, LogLevel.Information,
        "Context {Context}: {Positions} positions rehydrated, {Loaded} loaded, {Recomputed} recomputed, in {ElapsedMs} ms",
        EventName = "Client.Rehydrated")]
    public static partial void Rehydrated(
        ILogger logger, string context, long positions, long loaded, long recomputed, double elapsedMs);

    [LoggerMessage(3007, LogLevel.Warning,
        "Context {Context}: at the session's end inputs of {Inputs} positions, {States} states and KV of {Kv} positions are not durable ({Kept}): {Reason}",
        EventName = "Client.NotDrained")]
    public static partial void NotDrained(
        ILogger logger, string context, int inputs, int states, long kv, string kept, string reason);

    [LoggerMessage(3050, LogLevel.Warning, "Context {Context}: the standby follows no more, attempt {Attempt} to go on: {Reason}", EventName = "Client.StandbyBroke")]
    public static partial void StandbyBroke(ILogger logger, string context, int attempt, string reason);

    [LoggerMessage(3051, LogLevel.Error, "Context {Context}: the standby has ended: {Reason}", EventName = "Client.StandbyFailed")]
    public static partial void StandbyFailed(ILogger logger, string context, string reason);

    [LoggerMessage(3052, LogLevel.Debug, "Context {Context}: in epoch {Epoch} the standby keeps inputs of {Tokens} positions, and KV of {Kv}", EventName = "Client.StandbyCut")]
    public static partial void StandbyCut(ILogger logger, string context, ulong epoch, long tokens, long kv);

    [LoggerMessage(3053, LogLevel.Warning, "Agent {Agent}: the fleet is not reached: {Reason}", EventName = "Client.FleetNotReached")]
    public static partial void FleetNotReached(ILogger logger, string agent, string reason);

    [LoggerMessage(3054, LogLevel.Warning, "Context {Context}: the handoff policy is not kept, as the context has {Count} states", EventName = "Client.PolicyNotKept")]
    public static partial void PolicyNotKept(ILogger logger, string context, int count);

    [LoggerMessage(3055, LogLevel.Information, "Context {Context}: is not read along while its holder is waited for: {Reason}", EventName = "Client.NotPrefetched")]
    public static partial void NotPrefetched(ILogger logger, string context, string reason);

    [LoggerMessage(3056, LogLevel.Warning, "Context {Context}: the logits behind the last position could not be computed while the context is acquired: {Reason}", EventName = "Client.NotComputedAhead")]
    public static partial void NotComputedAhead(ILogger logger, string context, string reason);

    [LoggerMessage(3013, LogLevel.Information, "Context {Context}: waiting for the holder: {Reason}", EventName = "Client.Waiting")]
    public static partial void Waiting(ILogger logger, string context, string reason);

    [LoggerMessage(3008, LogLevel.Warning, "Context {Context}: was acquired, but could be neither opened nor given back: {Reason}", EventName = "Client.NotGivenBack")]
    public static partial void NotGivenBack(ILogger logger, string context, string reason);

    [LoggerMessage(3009, LogLevel.Warning, "Gateway {Gateway} does not answer: {Reason}", EventName = "Client.GatewayLost")]
    public static partial void GatewayLost(ILogger logger, string gateway, string reason);

    [LoggerMessage(3010, LogLevel.Information, "Control calls go to gateway {Gateway} from now on", EventName = "Client.GatewayFound")]
    public static partial void GatewayFound(ILogger logger, string gateway);

    [LoggerMessage(3011, LogLevel.Error, "Context {Context}: no KV is sent: {Reason}", EventName = "Client.RuntimeFailed")]
    public static partial void RuntimeFailed(ILogger logger, string context, string reason);

    [LoggerMessage(3020, LogLevel.Warning, "Spool '{Path}': will be tried again: {Reason}", EventName = "Client.SpoolFailed")]
    public static partial void SpoolFailed(ILogger logger, string path, string reason);

    [LoggerMessage(3021, LogLevel.Error, "Context {Context}: the spool is damaged: {Reason}", EventName = "Client.SpoolDamaged")]
    public static partial void SpoolDamaged(ILogger logger, string context, string reason);

    [LoggerMessage(3022, LogLevel.Information,
        "Context {Context}: epoch {Epoch} goes on, {Positions} inputs from position {Position} on come from the spool",
        EventName = "Client.SpoolResumed")]
    public static partial void SpoolResumed(ILogger logger, string context, ulong epoch, int positions, long position);

    [LoggerMessage(3023, LogLevel.Warning,
        "Context {Context}: epoch {Epoch} was fenced, {Positions} inputs from position {Position} on are left over",
        EventName = "Client.LeftoverFound")]
    public static partial void LeftoverFound(ILogger logger, string context, ulong epoch, int positions, long position);

    [LoggerMessage(3024, LogLevel.Warning, "Context {Context}: damaged KV of {Count} positions from {Position} on is not replaced: {Reason}", EventName = "Client.KvNotRepaired")]
    public static partial void KvNotRepaired(ILogger logger, string context, int position, int count, string reason);

    [LoggerMessage(3025, LogLevel.Information, "Context {Context} shares its first {Positions} positions with context {Parent}", EventName = "Client.PrefixShared")]
    public static partial void PrefixShared(ILogger logger, string context, long positions, string parent);

    [LoggerMessage(3026, LogLevel.Warning, "Context {Context}: KV to share could not be looked for, all is computed: {Reason}", EventName = "Client.PrefixNotShared")]
    public static partial void PrefixNotShared(ILogger logger, string context, string reason);

    [LoggerMessage(3028, LogLevel.Error, "Context {Context} goes on with {Positions} positions after a loss in the store: {Loss}.", EventName = "Client.InputsLost")]
    public static partial void InputsLost(ILogger logger, string context, long positions, ContextLoss loss);

    [LoggerMessage(3027, LogLevel.Warning, "Context {Context}: KV of {Count} positions from {Position} on failed a check and is read again: {Reason}", EventName = "Client.KvReread")]
    public static partial void KvReread(ILogger logger, string context, long position, int count, string reason);

    [LoggerMessage(3040, LogLevel.Warning,
        "Context {Context}: bits may differ from what its agents before have computed: they computed with {Others}, this one with {Numerics}",
        EventName = "Client.BitsMayDiffer")]
    public static partial void BitsMayDiffer(ILogger logger, string context, string numerics, string others);

    [LoggerMessage(3041, LogLevel.Warning, "Context {Context}: the numerics identity goes to the silo, but is not in the spool: {Reason}", EventName = "Client.NumericsNotSpooled")]
    public static partial void NumericsNotSpooled(ILogger logger, string context, string reason);

    [LoggerMessage(3042, LogLevel.Warning,
        "Context {Context}: it has {Count} states already, so the numerics identity is not kept: successors will hear that it is unknown",
        EventName = "Client.NumericsNotKept")]
    public static partial void NumericsNotKept(ILogger logger, string context, int count);

    [LoggerMessage(3043, LogLevel.Error,
        "Context {Context}: a callback registered on AgentMemory.Fenced threw. The session is over all the same", EventName = "Client.FencedCallbackFailed")]
    public static partial void FencedCallbackFailed(ILogger logger, string context, Exception error);
}
