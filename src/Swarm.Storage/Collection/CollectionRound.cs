using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Hosting;
using Swarm.Storage.Manifests;

namespace Swarm.Storage.Collection;

/// <summary>One round of collection: the roots as it found them, and what it deletes.</summary>
internal sealed class CollectionRound(ContextServices services)
{
    private const int Tries = 3;
    private const int ConfirmEvery = 32;
    private const int SettleTries = 6; // 0.6 s: a fork takes a few operations of the store.
    private readonly HashSet<ContextId> _vacant = [];
    private readonly Dictionary<ContextId, bool> _fenced = [];
    private int _deleted;
    private long _deletedBytes;
    private int _kept;

    /// <summary>Roots by context.</summary>
    public Dictionary<ContextId, (ContextRoot Root, string ETag)> Roots { get; } = [];

    /// <summary>What they refer to.</summary>
    public LiveObjects Live { get; } = new();

    /// <summary>First lost segment of each log that has one: what lies behind stays until that was looked into.</summary>
    public IReadOnlyDictionary<Id128, ulong> Damaged { get; private set; } = new Dictionary<Id128, ulong>();

    /// <summary>Why it deleted no more, or <see langword="null"/>.</summary>
    public string? EndedEarly { get; private set; }

    /// <summary>Reads every root there is, until a listing names none that was not read.</summary>
    /// <returns>Why the round ends, or <see langword="null"/>.</returns>
    public async Task<string?> ReadRootsAsync()
    {
        for (var isNew = true; isNew;)
        {
            isNew = false;
            await foreach (var item in services.Store.ListAsync(BlobNames.RootsPrefix, CancellationToken.None))
            {
                if (BlobNames.TryParseRoot(item.Name, out var id) && !Roots.ContainsKey(id) && await ReadRootAsync(id))
                {
                    isNew = true;
                }
            }
        }

        // A vacant name may be taken again, by a fork that reads its parent after that parent was read here: look again.
        foreach (var id in _vacant)
        {
            if (await services.Roots.ReadAsync(id) is { } found && found.ETag != Roots[id].ETag)
            {
                return $"Context {id} came back.";
            }
        }

        return null;
    }

    /// <summary>Reads which logs have lost segments: after the roots, since a loss is noted before the root moves on.</summary>
    public async Task ReadDamageAsync() => Damaged = await services.Damages.ListAsync();

    /// <summary>Waits a moment for forks that are being made: what they have come to refer to is live like all the rest.</summary>
    public async Task SettleForksAsync()
    {
        foreach (var id in Roots.Where(item => item.Value.Root.State == RootState.Forking).Select(item => item.Key).ToArray())
        {
            for (var attempt = 1; attempt <= SettleTries && Roots[id].Root.State == RootState.Forking; attempt++)
            {
                await Task.Delay(Backoff.After(attempt), services.Time);
                await ReadRootAsync(id);
            }
        }
    }

    /// <summary>Deletes garbage.</summary>
    /// <param name="garbage">What no root refers to, as far as its own context's root has not changed.</param>
    /// <param name="candidates">How many objects there are in all.</param>
    public async Task DeleteAsync(IEnumerable<Candidate> garbage, int candidates)
    {
        _kept = candidates;
        foreach (var (index, item) in garbage.ToArray().Index())
        {
            if (index % ConfirmEvery == 0)
            {
                await services.ConfirmStoreAsync(); // What is garbage here may be all that a store has that was set back.
            }

            if (item.IsOfLog || await FenceAsync(item.Context))
            {
                if (await services.Store.DeleteAsync(item.Name, CancellationToken.None))
                {
                    _deleted++;
                    _deletedBytes += item.Bytes;
                }

                _kept--;
            }
        }
    }

    /// <summary>Deletes the root of a context that is no more, unless it has changed.</summary>
    public async Task DeleteRootAsync(ContextId id)
    {
        var name = BlobNames.Root(id);
        _deleted += await (services.Rules.DeletesRootsAsRead
            ? services.Store.DeleteAsync(name, Roots[id].ETag, CancellationToken.None)
            : services.Store.DeleteAsync(name, CancellationToken.None)) ? 1 : 0;
    }

    /// <summary>Contexts that are no more, as roots that this round read say: erased, or forks that were given up.</summary>
    public IReadOnlyCollection<ContextId> Vacant => _vacant;

    /// <summary>Sums the round up.</summary>
    public CollectionReport Report(string? reason) => new(_deleted, _deletedBytes, _kept, EndedEarly = reason);

    private async Task<bool> ReadRootAsync(ContextId id)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await services.Roots.ReadAsync(id) is not { } found)
            {
                return false;
            }

            try
            {
                await Live.AddAsync(services, id, found.Root);
            }
            catch (CorruptObjectException) when (attempt < Tries)
            {
                await Task.Delay(Backoff.After(attempt), services.Time); // Perhaps it went with a root that has changed.
                continue;
            }

            Roots[id] = found;
            if (found.Root.State is RootState.Aborted or RootState.Erased)
            {
                _vacant.Add(id);
            }

            return true;
        }
    }

    /// <summary>Replaces a root by itself, so that whoever is about to replace it after writing pages fails.</summary>
    /// <returns>False: the root has changed; nothing of this context is deleted in this round.</returns>
    private async Task<bool> FenceAsync(ContextId id)
    {
        if (!services.Rules.FencesOpenings || !Roots.TryGetValue(id, out var found) || found.Root.State != RootState.Ready)
        {
            return true;
        }

        if (!_fenced.TryGetValue(id, out var isFenced))
        {
            var root = found.Root with { Nonce = services.Ids.Next(), Generation = found.Root.Generation + 1 };
            isFenced = !found.Root.IsReadOnly
                && (await services.Roots.ReplaceAsync(id, root, found.ETag, default)).Outcome == RootOutcome.Written;
            _fenced.Add(id, isFenced);
        }

        return isFenced;
    }
}
