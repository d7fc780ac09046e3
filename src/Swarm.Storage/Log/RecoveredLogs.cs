using Swarm.Core.Identity;

namespace Swarm.Storage.Log;

/// <summary>Logs of writers that are gone, each read once for all its contexts. Lives on the store's loop.</summary>
/// <remarks>
/// A log that was sealed never changes, so what was read of it stays true. The records of the log used last stay in memory,
/// and those of others as long as they are few.
/// </remarks>
internal sealed class RecoveredLogs(LogRecovery recovery)
{
    /// <summary>Records kept in memory of logs that are not being read, roughly 200 bytes each.</summary>
    private const int MaxIdleRecords = 200_000;

    private readonly Dictionary<Id128, RecoveredLog> _logs = [];

    /// <summary>A context's records in the log of a writer that is gone, from a segment on, in order.</summary>
    /// <param name="writer">A writer that is dead, or whose log may be taken: it is sealed.</param>
    /// <param name="first">First segment that counts.</param>
    /// <param name="context">The context.</param>
    /// <exception cref="Format.Objects.CorruptObjectException">A segment's index is damaged; the message names it.</exception>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached.</exception>
    public async Task<IReadOnlyList<RecoveredPart>> ReadAsync(Id128 writer, ulong first, ContextId context)
    {
        if (!_logs.TryGetValue(writer, out var log))
        {
            _logs.Add(writer, log = new RecoveredLog());
        }

        log.Users++;
        await log.Gate.WaitAsync();
        try
        {
            await recovery.RecoverAsync(writer, first, log);
            return log.PartsOf(context, first);
        }
        finally
        {
            log.Gate.Release();
            log.Users--;
            ForgetIdle(log);
        }
    }

    private void ForgetIdle(RecoveredLog present)
    {
        var idle = _logs.Where(item => item.Value.Users == 0 && item.Value != present).ToArray();
        var records = idle.Sum(item => item.Value.Records);
        foreach (var (writer, log) in idle)
        {
            if (records <= MaxIdleRecords)
            {
                return;
            }

            records -= log.Records;
            _logs.Remove(writer);
        }
    }
}
