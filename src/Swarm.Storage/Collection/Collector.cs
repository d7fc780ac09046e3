using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Log;

namespace Swarm.Storage.Collection;

/// <summary>Deletes what no root refers to (protocol, rules 16 to 19 and 29 to 32). Several may run at once; no clock decides anything.</summary>
/// <remarks>
/// <para>
/// Candidates are listed before roots are read. A page or chunk written after that is not among them; one written before is
/// of the current incarnation, which stays, of a fork that has announced itself, which ends the round, or of an opening under way:
/// that one loses its race, since the root is replaced before anything of its context is deleted.
/// </para>
/// <para>Runs on the store's loop; remembers from round to round what cannot change.</para>
/// </remarks>
internal sealed class Collector(ContextServices services, Func<Id128, bool> isOwn)
{
    private static readonly string[] _prefixes =
        [BlobNames.LogsPrefix, BlobNames.LogIndexesPrefix, BlobNames.ChunksPrefix, BlobNames.PagesPrefix];

    private readonly HashSet<Id128> _seals = [];
    private readonly CollectedMarks _marks = new(services);
    private readonly Dictionary<ContextId, Id128> _forking = [];
    private Dictionary<ContextId, string> _vacant = [];

    /// <summary>Does a round.</summary>
    /// <returns>What was done. A fault of the store or a damaged page ends it early, and is told.</returns>
    public async Task<CollectionReport> RunAsync()
    {
        var round = new CollectionRound(services);
        ReservedSpace.Allow();
        try
        {
            var candidates = services.Rules.ListsCandidatesFirst ? await ListAsync() : null;
            var reason = await round.ReadRootsAsync();
            if (reason is null)
            {
                await round.SettleForksAsync();
                reason = await AbortOldForksAsync(round);
            }

            if (reason is null)
            {
                candidates ??= await ListAsync();
                await round.ReadDamageAsync();
                await services.ConfirmStoreAsync();
                await SealLogsAsync(round, candidates);
                var unmarked = await MarkLogsAsync(round, candidates);
                await round.DeleteAsync(
                    candidates.Where(item => !unmarked.Contains(item.Writer) && IsGarbage(round, item)), candidates.Count);
                await DeleteVacantAsync(round);
                reason = round.EndedEarly;
            }

            return round.Report(reason);
        }
        catch (Exception fault) when (fault is BlobStoreException or CorruptObjectException or SwarmRefusedException)
        {
            return round.Report(fault.Message);
        }
    }

    private async Task<List<Candidate>> ListAsync()
    {
        var candidates = new List<Candidate>();
        foreach (var prefix in _prefixes)
        {
            await foreach (var item in services.Store.ListAsync(prefix, CancellationToken.None))
            {
                if (Candidate.Parse(item.Name, item.Length) is { } candidate)
                {
                    candidates.Add(candidate);
                }
            }
        }

        return candidates;
    }

    /// <summary>A fork that has announced itself may refer to anything its parent had: the round ends. An old one is given up.</summary>
    /// <returns>Why the round ends, or <see langword="null"/>.</returns>
    private async Task<string?> AbortOldForksAsync(CollectionRound round)
    {
        var forking = round.Roots.Where(item => item.Value.Root.State == RootState.Forking).ToArray();
        foreach (var (id, (root, etag)) in forking)
        {
            if (_forking.GetValueOrDefault(id) == root.Nonce)
            {
                await services.Roots.ReplaceAsync(
                    id,
                    root with { State = RootState.Aborted, Nonce = services.Ids.Next(), Generation = root.Generation + 1 },
                    etag,
                    default);
            }
        }

        _forking.Clear();
        foreach (var (id, (root, _)) in forking)
        {
            _forking[id] = root.Nonce;
        }

        return forking.Length == 0 ? null : $"{forking.Length} forks are being made.";
    }

    /// <summary>Deletes roots of contexts that are no more, and were no more in the round before: what was sent to them has come by now.</summary>
    private async Task DeleteVacantAsync(CollectionRound round)
    {
        var before = _vacant;
        _vacant = round.Vacant.ToDictionary(id => id, id => round.Roots[id].ETag);
        foreach (var (id, _) in _vacant.Where(item => before.GetValueOrDefault(item.Key) == item.Value))
        {
            await round.DeleteRootAsync(id);
        }
    }

    /// <summary>Finds the seals of logs. A log that no root needs and nobody has sealed is sealed now, and collected later.</summary>
    private async Task SealLogsAsync(CollectionRound round, List<Candidate> candidates)
    {
        foreach (var log in candidates.Where(item => item.IsSegment).GroupBy(item => item.Writer))
        {
            if (_seals.Contains(log.Key) || await HasSealAsync(log))
            {
                _seals.Add(log.Key);
                continue;
            }

            // Sealing the log of a live writer costs it a new one; without a tail it has no open context.
            if (!round.Live.TryGetTail(log.Key, out _) && !isOwn(log.Key))
            {
                await SealAsync(log.Key, [.. log.Select(item => item.Sequence)]);
            }
        }
    }

    private async Task<bool> HasSealAsync(IGrouping<Id128, Candidate> log)
    {
        foreach (var item in log.Where(item => item.Bytes <= LogSeals.MaxBytes))
        {
            if (await services.Segments.ReadAsync(log.Key, item.Sequence) is { IsSeal: true })
            {
                return true;
            }
        }

        return false;
    }

    // Nothing of a log without a seal was ever deleted: its first missing number is the one that its writer comes to.
    private async Task SealAsync(Id128 writer, HashSet<ulong> listed)
    {
        ulong sequence = 0;
        do
        {
            while (listed.Contains(sequence))
            {
                sequence++;
            }

            listed.Add(sequence);
        }
        while ((await services.Store.CreateAsync(
            BlobNames.Log(writer, sequence),
            LogSeals.Encode(writer, sequence, services.Ids.Next(), first: 0),
            CancellationToken.None)).IsRefused);
    }

    /// <summary>Says in the store up to where logs are about to be collected.</summary>
    /// <returns>Writers of logs of which that cannot be said now.</returns>
    private async Task<HashSet<Id128>> MarkLogsAsync(CollectionRound round, List<Candidate> candidates)
    {
        var unmarked = new HashSet<Id128>();
        if (services.Rules.MarksCollectedLogs)
        {
            foreach (var log in candidates.Where(item => item.IsOfLog && IsGarbage(round, item)).Select(item => item.Writer).Distinct().ToArray())
            {
                var seals = candidates.Where(item => item.IsSegment && item.Writer == log && item.Bytes <= LogSeals.MaxBytes);
                if (!await _marks.MarkAsync(log, seals.Select(item => item.Sequence).ToArray(), EndOfGarbage(round, log)))
                {
                    unmarked.Add(log);
                }
            }
        }

        return unmarked;
    }

    /// <summary>Segments of a log below this number are needed by no root.</summary>
    private ulong EndOfGarbage(CollectionRound round, Id128 writer)
    {
        var rules = services.Rules;
        var lost = rules.KeepsWhatIsBehindHoles && round.Damaged.TryGetValue(writer, out var damaged) ? damaged : ulong.MaxValue;
        var tail = rules.KeepsTails && round.Live.TryGetTail(writer, out var first) ? first : ulong.MaxValue;
        return Math.Min(lost, tail);
    }

    private bool IsGarbage(CollectionRound round, Candidate item)
    {
        var rules = services.Rules;
        if (round.Live.Contains(item.Name))
        {
            return false;
        }

        if (!item.IsOfLog)
        {
            return !round.Roots.TryGetValue(item.Context, out var found)
                || (found.Root.State != RootState.Forking
                    && (found.Root.IncarnationId != item.IncarnationId || !rules.KeepsCurrentIncarnation));
        }

        var end = item.Sequence + (item.IsIndex ? (ulong)services.Options.IndexSegments : 1);
        return _seals.Contains(item.Writer)
            && (item.Bytes > LogSeals.MaxBytes || item.IsIndex || !rules.KeepsSeals)
            && end <= EndOfGarbage(round, item.Writer)
            && !isOwn(item.Writer);
    }
}
