using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Storage.Identity;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Log;

/// <summary>Shows, before segments are acknowledged, that the store has what they rest on (protocol, rule 20). Lives on the store's loop.</summary>
/// <remarks>
/// <para>
/// A put that succeeded says that some store took it: perhaps one that was emptied, replaced or set back since. So after the puts,
/// the store is asked for them, for the newest segments before them, whose presence stands for all older ones, for the roots
/// of contexts that have their first record there, and for chunks that records name. A writer's numbers are used once: no other store has
/// them.
/// </para>
/// <para>
/// A store that is set back has lost what came after some moment. The newest segments are those that no put followed which
/// began after they had ended: one, or as many as puts were under way together.
/// </para>
/// </remarks>
internal sealed class LogProof(
    Id128 writer, RetryingReader reader, SegmentReader segments, RootStore roots, StoreGuard guard, SameStoreRules rules)
{
    private const int Tries = 3;
    private const int ReadsAtOnce = 32;
    private readonly List<Written> _newest = [];
    private long _clock;

    /// <summary>What a check found.</summary>
    public enum Finding
    {
        /// <summary>All is there.</summary>
        Holds,

        /// <summary>The log was sealed by somebody else, who may have collected it since.</summary>
        Sealed,
    }

    /// <summary>Begins a put.</summary>
    /// <returns>When, for <see cref="End"/>.</returns>
    public long Begin() => ++_clock;

    /// <summary>Notes a put that succeeded.</summary>
    /// <param name="sequence">Number of the segment.</param>
    /// <param name="began">What <see cref="Begin"/> gave.</param>
    /// <param name="entries">What is in the segment.</param>
    public Written End(ulong sequence, long began, IEnumerable<LogEntry> entries)
    {
        var (firsts, chunks) = (new List<IncarnationRef>(), new List<string>());
        foreach (var entry in entries)
        {
            if (entry.IsFirst)
            {
                firsts.Add(new IncarnationRef(entry.Record.Context, entry.Record.IncarnationId));
            }

            if (entry.Record is KvRecord { Payload.Object: { Kind: ObjectKind.Chunk } chunk })
            {
                chunks.Add(BlobNames.Of(entry.Record.Context, chunk));
            }
        }

        return new Written(sequence, began, ++_clock, firsts, chunks);
    }

    /// <summary>Looks whether puts, and all that was shown before, are in the store: as of a moment after this was called.</summary>
    /// <param name="puts">Puts that succeeded; none to check what was shown before.</param>
    /// <param name="acknowledged">Segments acknowledged so far.</param>
    /// <param name="next">Number of the next segment.</param>
    /// <exception cref="BlobStoreException">The store cannot be reached, or is not the same any more.</exception>
    public async Task<Finding> CheckAsync(IReadOnlyList<Written> puts, ulong acknowledged, Func<ulong> next)
    {
        if (rules.ProvesAcknowledgments && await FindMissingAsync(puts) is { } missing)
        {
            return await ExplainAsync(missing, acknowledged, next);
        }

        foreach (var put in puts)
        {
            _newest.RemoveAll(older => older.Ended < put.Began);
            _newest.Add(put);
        }

        return Finding.Holds;
    }

    /// <summary>
    /// What was seen before the store was out of reach says nothing about the one that came back. So after a fault the segments are looked
    /// for again: they came last, and a store that has them has the roots and chunks that were seen meanwhile.
    /// </summary>
    private async Task<string?> FindMissingAsync(IReadOnlyList<Written> puts)
    {
        var others = FindOthersAsync(puts);
        for (var attempt = 1; ; attempt++)
        {
            var faults = reader.Faults;
            var asked = FindSegmentAsync(puts);
            await Task.WhenAll(asked, others);
            if ((await asked ?? await others) is { } missing)
            {
                return missing;
            }

            if (faults == reader.Faults)
            {
                return null;
            }

            if (attempt == Tries)
            {
                throw new BlobStoreException($"Reads of the log keep failing: not one of {Tries} rounds was without a fault.", isTransient: true);
            }
        }
    }

    private async Task<string?> FindSegmentAsync(IEnumerable<Written> puts)
    {
        // Without an older segment, the store's identity stands for what came before.
        var identity = _newest.Count == 0 || !rules.ChecksOwnSegments ? guard.CheckAsync(reader) : Task.CompletedTask;
        var asked = FindAsync(_newest.Concat(puts), HasSegmentAsync);
        await Task.WhenAll(identity, asked);
        return await asked;
    }

    private async Task<string?> FindOthersAsync(IReadOnlyList<Written> puts) =>
        await FindAsync(puts.SelectMany(put => put.Firsts), HasRootAsync) ?? await FindAsync(puts.SelectMany(put => put.Chunks), HasChunkAsync);

    /// <summary>The first of some objects that is missing. A burst of puts that waited is not asked for all at once.</summary>
    private static async Task<string?> FindAsync<T>(IEnumerable<T> objects, Func<T, Task<string?>> ask)
    {
        foreach (var some in objects.Chunk(ReadsAtOnce))
        {
            var found = await Task.WhenAll(some.Select(ask));
            if (found.FirstOrDefault(name => name is not null) is { } missing)
            {
                return missing;
            }
        }

        return null;
    }

    private async Task<string?> HasChunkAsync(string name) =>
        rules.ChecksOwnSegments && (await reader.ReadAsync(name, 0, Memory<byte>.Empty)).IsMissing ? name : null;

    private async Task<string?> HasSegmentAsync(Written put)
    {
        // A seal in its place is as bad as nothing: it says that the segment was not there.
        var name = BlobNames.Log(writer, put.Sequence);
        return !rules.ChecksOwnSegments || (await reader.ReadAsync(name, 0, Memory<byte>.Empty)).Length > LogSeals.MaxBytes ? null : name;
    }

    /// <summary>A context is open here for as long as its root says so; who takes it over seals this log before.</summary>
    private async Task<string?> HasRootAsync(IncarnationRef open)
    {
        if (!rules.ChecksRootsOfIncarnations)
        {
            return null;
        }

        try
        {
            return await roots.ReadAsync(open.Context) is { } found && found.Root.IncarnationId == open.IncarnationId ? null : BlobNames.Root(open.Context);
        }
        catch (CorruptObjectException)
        {
            return null; // Damage is told by whoever opens the context.
        }
    }

    /// <summary>Why something is missing: another silo took this writer for dead, sealed its log and collected it; or the store lost it.</summary>
    private async Task<Finding> ExplainAsync(string missing, ulong acknowledged, Func<ulong> next)
    {
        await guard.CheckAsync();
        for (var sequence = acknowledged; sequence <= next(); sequence++)
        {
            try
            {
                if (await segments.ReadAsync(writer, sequence) is { IsSeal: true })
                {
                    return Finding.Sealed;
                }
            }
            catch (CorruptObjectException)
            {
                // No seal that can be relied on.
            }
        }

        throw guard.End($"{missing} is not as this silo wrote it: the store went back to an earlier state, or has lost objects");
    }

    /// <summary>An incarnation of a context.</summary>
    /// <param name="Context">The context.</param>
    /// <param name="IncarnationId">The incarnation that its root names.</param>
    public readonly record struct IncarnationRef(ContextId Context, Id128 IncarnationId);

    /// <summary>A put that succeeded.</summary>
    /// <param name="Sequence">Number of the segment.</param>
    /// <param name="Began">When its first try began, in events of this log.</param>
    /// <param name="Ended">When it was answered.</param>
    /// <param name="Firsts">Incarnations of which it has the first record.</param>
    /// <param name="Chunks">Names of chunks that its records name.</param>
    public readonly record struct Written(ulong Sequence, long Began, long Ended, IReadOnlyList<IncarnationRef> Firsts, IReadOnlyList<string> Chunks);
}
