using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;

namespace Swarm.Storage;

/// <summary>Everything that Storage logs. Event ids 1 to 999.</summary>
internal static partial class StorageLog
{
    // Pauses grow to 2 s: a write that goes on failing is logged every 30 s.
    private const int FirstTries = 3;
    private const int LoggedEvery = 15;

    /// <summary>Logs that a write failed and is tried again: of many tries some.</summary>
    public static void NotePutFailed(ILogger logger, string name, int attempt, string reason)
    {
        if (attempt <= FirstTries || attempt % LoggedEvery == 0)
        {
            PutFailed(logger, name, attempt, reason);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Writing {Name} failed at try {Attempt}; trying again. {Reason}", EventName = "Storage.PutFailed")]
    public static partial void PutFailed(ILogger logger, string name, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Error, "Writing {Name} failed for good.", EventName = "Storage.WriterFailed")]
    public static partial void WriterFailed(ILogger logger, string name, Exception fault);

    [LoggerMessage(3, LogLevel.Information, "Writer {Writer} starts.", EventName = "Storage.WriterStarts")]
    public static partial void WriterStarts(ILogger logger, Id128 writer);

    [LoggerMessage(4, LogLevel.Warning, "Writer {Writer} ends: {Reason}. {Contexts} open contexts are dropped.", EventName = "Storage.WriterFenced")]
    public static partial void WriterFenced(ILogger logger, Id128 writer, string reason, int contexts);

    [LoggerMessage(5, LogLevel.Information, "Context {Context} is open in epoch {Epoch}: {Tokens} tokens are durable, and the KV of {Kv}.", EventName = "Storage.ContextOpened")]
    public static partial void ContextOpened(
        ILogger logger, string context, ulong epoch, long tokens, long kv);

    [LoggerMessage(6, LogLevel.Information, "Context {Context} was closed: {Reason}.", EventName = "Storage.ContextClosed")]
    public static partial void ContextClosed(ILogger logger, string context, string reason);

    [LoggerMessage(7, LogLevel.Information, "Log {Writer} was recovered from segment {First}: {Segments} segments, sealed at {Seal}.", EventName = "Storage.LogRecovered")]
    public static partial void LogRecovered(ILogger logger, Id128 writer, ulong first, ulong segments, ulong seal);

    [LoggerMessage(8, LogLevel.Error, "KV of context {Context} at {Position} is damaged or missing in {Name}: {Reason}. It is to be recomputed from its inputs.", EventName = "Storage.KvDamaged")]
    public static partial void KvDamaged(ILogger logger, string context, long position, string name, string reason);

    [LoggerMessage(9, LogLevel.Error, "A checkpoint of context {Context} failed and will be tried again.", EventName = "Storage.CheckpointFailed")]
    public static partial void CheckpointFailed(ILogger logger, string context, Exception fault);

    [LoggerMessage(11, LogLevel.Information, "Writer {Writer} is retired: its log is sealed at {Seal}.", EventName = "Storage.WriterRetired")]
    public static partial void WriterRetired(ILogger logger, Id128 writer, ulong seal);

    [LoggerMessage(12, LogLevel.Information, "Context {Context} forked {Parent} at position {Position}.", EventName = "Storage.ContextForked")]
    public static partial void ContextForked(ILogger logger, string context, string parent, long position);

    [LoggerMessage(13, LogLevel.Debug, "KV of context {Context} from {First} to {End} is compacted: {Before} runs became {After}.", EventName = "Storage.Compacted")]
    public static partial void Compacted(ILogger logger, string context, long first, long end, int before, int after);

    [LoggerMessage(14, LogLevel.Warning, "Compacting context {Context} failed and will be tried again.", EventName = "Storage.CompactionFailed")]
    public static partial void CompactionFailed(ILogger logger, string context, Exception fault);

    [LoggerMessage(15, LogLevel.Information, "Collection deleted {Objects} objects of {Bytes} bytes; {Kept} are in use.", EventName = "Storage.Collected")]
    public static partial void Collected(ILogger logger, int objects, long bytes, int kept);

    [LoggerMessage(16, LogLevel.Warning, "Collection ended early, deleting nothing more: {Reason}", EventName = "Storage.CollectionEnded")]
    public static partial void CollectionEnded(ILogger logger, string reason);

    [LoggerMessage(18, LogLevel.Warning, "Maintenance failed and will be tried again.", EventName = "Storage.MaintenanceFailed")]
    public static partial void MaintenanceFailed(ILogger logger, Exception fault);

    [LoggerMessage(17, LogLevel.Information, "Context {Context} is erased.", EventName = "Storage.ContextErased")]
    public static partial void ContextErased(ILogger logger, string context);

    [LoggerMessage(19, LogLevel.Warning, "Log index {Name} was not written; a recovery will read its segments instead. {Reason}", EventName = "Storage.IndexFailed")]
    public static partial void IndexFailed(ILogger logger, string name, string reason);

    [LoggerMessage(20, LogLevel.Error, "Log index {Name} is damaged; its segments are read instead. {Reason}", EventName = "Storage.IndexDamaged")]
    public static partial void IndexDamaged(ILogger logger, string name, string reason);

    [LoggerMessage(60, LogLevel.Information, "The store is {Store}, made {Created:u}, {State}.", EventName = "Storage.StoreIdentified")]
    public static partial void StoreIdentified(ILogger logger, Id128 store, DateTimeOffset created, string state);

    [LoggerMessage(63, LogLevel.Warning,
        "The store had no identity, its object '{Object}', but holds contexts, such as {Root}: the object was deleted, or this is not the whole store. It has a new identity now. 'swarm verify' tells whether anything else is missing.",
        EventName = "Storage.IdentityWasMissing")]
    public static partial void IdentityWasMissing(ILogger logger, string @object, string root);

    [LoggerMessage(61, LogLevel.Critical, "{Fault}", EventName = "Storage.StoreLost")]
    public static partial void StoreLost(ILogger logger, string fault);

    [LoggerMessage(62, LogLevel.Warning, "Reading back what writer {Writer} wrote failed at try {Attempt}; acknowledgements wait. {Reason}", EventName = "Storage.ProofFailed")]
    public static partial void ProofFailed(ILogger logger, Id128 writer, int attempt, string reason);

    [LoggerMessage(10, LogLevel.Debug, "Context {Context} was checkpointed at segment {Segment}.", EventName = "Storage.Checkpointed")]
    public static partial void Checkpointed(ILogger logger, string context, ulong segment);

    [LoggerMessage(21, LogLevel.Information, "The disk tier in {Folder} holds {Count} payloads of {Bytes} bytes.", EventName = "Storage.DiskTierOpened")]
    public static partial void DiskTierOpened(ILogger logger, string folder, int count, long bytes);

    [LoggerMessage(22, LogLevel.Warning, "The disk tier in {Folder} cannot be written to; KV is read from the store instead. {Reason}", EventName = "Storage.DiskTierFailed")]
    public static partial void DiskTierFailed(ILogger logger, string folder, string reason);

    [LoggerMessage(23, LogLevel.Warning, "{Path} of the disk tier is damaged and was removed; the store is read instead: {Reason}.", EventName = "Storage.DiskTierDamaged")]
    public static partial void DiskTierDamaged(ILogger logger, string path, string reason);

    [LoggerMessage(24, LogLevel.Error, "The page of KV of context {Context} from {First} to {End} is damaged or missing: {Reason}. That KV is to be recomputed from its inputs.", EventName = "Storage.ExtentPageDamaged")]
    public static partial void ExtentPageDamaged(ILogger logger, string context, long first, long end, string reason);

    [LoggerMessage(25, LogLevel.Information, "Damaged KV of context {Context} from {First} to {End} is replaced by a good copy.", EventName = "Storage.KvRepaired")]
    public static partial void KvRepaired(ILogger logger, string context, long first, long end);

    [LoggerMessage(26, LogLevel.Warning, "Damaged KV of context {Context} from {First} to {End} is not replaced: the runs there are cut differently, or keep changing.", EventName = "Storage.KvNotRepaired")]
    public static partial void KvNotRepaired(ILogger logger, string context, long first, long end);

    [LoggerMessage(27, LogLevel.Warning, "{Count} payloads of {Bytes} bytes in the memory tier are leased for over {DeadlineSeconds} s: their readers have stalled, or never gave them back.", EventName = "Storage.LeasesOverdue")]
    public static partial void LeasesOverdue(ILogger logger, int count, long bytes, double deadlineSeconds);

    [LoggerMessage(41, LogLevel.Error, "{Segment} was durable and is missing from the store; {Count} objects of its log lie behind it, and are kept until {Note} is deleted. Inputs or states may be lost: 'swarm verify' names the contexts.", EventName = "Storage.SegmentLost")]
    public static partial void SegmentLost(ILogger logger, string segment, int count, string note);

    [LoggerMessage(42, LogLevel.Error, "Context {Context} goes on with {Tokens} tokens after a loss: {Loss}.", EventName = "Storage.ContextLost")]
    public static partial void ContextLost(ILogger logger, string context, long tokens, ContextLoss loss);

    [LoggerMessage(43, LogLevel.Error, "{Root} was not replaced: {Object} was written for it and is missing from the store. The root and the log that are there still have all that was acknowledged.", EventName = "Storage.RootNotReplaced")]
    public static partial void RootNotReplaced(ILogger logger, string root, string @object);

    [LoggerMessage(28, LogLevel.Warning, "KV of context {Context} at {Position} is damaged in the memory tier and was given up; it is read again. It came so from the disk tier, or this machine's memory is bad.", EventName = "Storage.MemoryTierDamaged")]
    public static partial void MemoryTierDamaged(ILogger logger, string context, long position);

    [LoggerMessage(66, LogLevel.Warning, "KV in {Name} could not be sent out of its file and is read from now on: {Reason}. The connection ended, and its agent comes again. After {Most} such objects no file of the store is sent.", EventName = "Storage.FileNotSent")]
    public static partial void FileNotSent(ILogger logger, string name, string reason, int most);

    [LoggerMessage(64, LogLevel.Error, "The silo stops without closing its contexts ({Contexts}), as the store did not take them within {Seconds} s: {Reason} What was acknowledged is in the log; agents send again what was not.", EventName = "Storage.StopGivenUp")]
    public static partial void StopGivenUp(ILogger logger, int contexts, double seconds, string reason);

    [LoggerMessage(65, LogLevel.Error, "Context {Context}: its handoff policy cannot be read, so it is offered to nobody: {Reason}", EventName = "Storage.PolicyUnreadable")]
    public static partial void PolicyUnreadable(ILogger logger, string context, string reason);

    [LoggerMessage(29, LogLevel.Information, "Writer {Writer} ends: {Reason}.", EventName = "Storage.WriterEnds")]
    public static partial void WriterEnds(ILogger logger, Id128 writer, string reason);
}
