using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;

namespace Swarm.Storage;

/// <summary>Everything that Storage logs.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(1, LogLevel.Warning, "Writing {Name} failed at try {Attempt}; trying again. {Reason}")]
    public static partial void PutFailed(ILogger logger, string name, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Error, "Writing {Name} failed for good.")]
    public static partial void WriterFailed(ILogger logger, string name, Exception fault);

    [LoggerMessage(3, LogLevel.Information, "Writer {Writer} starts.")]
    public static partial void WriterStarts(ILogger logger, Id128 writer);

    [LoggerMessage(4, LogLevel.Warning, "Writer {Writer} ends: {Reason}. {Contexts} open contexts are dropped.")]
    public static partial void WriterLost(ILogger logger, Id128 writer, string reason, int contexts);

    [LoggerMessage(5, LogLevel.Information, "Context {Context} ({Name}) is open: epoch {Epoch}, {Tokens} tokens, KV of {Kv}.")]
    public static partial void ContextOpened(
        ILogger logger, ContextId context, string name, ulong epoch, long tokens, long kv);

    [LoggerMessage(6, LogLevel.Information, "Context {Context} is closed: {Reason}.")]
    public static partial void ContextClosed(ILogger logger, ContextId context, string reason);

    [LoggerMessage(7, LogLevel.Information, "Log {Writer} was recovered from segment {First}: {Segments} segments, sealed at {Seal}.")]
    public static partial void LogRecovered(ILogger logger, Id128 writer, ulong first, ulong segments, ulong seal);

    [LoggerMessage(8, LogLevel.Error, "KV of context {Context} at {Position} is damaged or missing in {Name}: {Reason}. It is to be recomputed from its inputs.")]
    public static partial void KvDamaged(ILogger logger, ContextId context, long position, string name, string reason);

    [LoggerMessage(9, LogLevel.Error, "A checkpoint of context {Context} failed and will be tried again.")]
    public static partial void CheckpointFailed(ILogger logger, ContextId context, Exception fault);

    [LoggerMessage(10, LogLevel.Debug, "Context {Context} was checkpointed at segment {Segment}.")]
    public static partial void Checkpointed(ILogger logger, ContextId context, ulong segment);
}
