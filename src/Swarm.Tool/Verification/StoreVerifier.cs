using System.Diagnostics;
using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Verification;

/// <summary>Walks a store, and says what is damaged and what that costs. Changes nothing; a cluster may run meanwhile.</summary>
/// <param name="store">The store.</param>
/// <param name="place">Its name for the report.</param>
/// <param name="time">Clock of repeated tries.</param>
/// <param name="isQuick">Whether KV payload is only measured.</param>
internal sealed class StoreVerifier(IBlobStore store, string place, TimeProvider time, bool isQuick)
{
    private const int Tries = 6;
    private const int NoteBytes = 4096;
    private const int LogEnd = 17; // A writer whose log was sealed may have had 16 more segments under way.

    private readonly StoreReader _reader = new(store, time);
    private readonly Dictionary<ContextId, ModelDescriptor> _models = [];
    private readonly DamageList _damage = new();
    private readonly VerifyCounts _counts = new();
    private readonly OrphanCounter _orphans = new();
    private readonly HashSet<string> _seals = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    /// <summary>Verifies.</summary>
    /// <param name="tenant">Only this tenant's contexts, or <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ToolException">It is no store of Swarm's, or has no such tenant.</exception>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<VerifyReport> VerifyAsync(string? tenant, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var inventory = await Inventory.ListAsync(store, place, cancellationToken);
        var contexts = ContextsOf(inventory, tenant);
        var identity = await CheckIdentityAsync();
        await CheckCatalogAsync(inventory, contexts, tenant);
        var objects = new ObjectChecker(_reader, id => _models.GetValueOrDefault(id), isQuick);
        var walker = new ContextWalker(_reader, new TailFolder(new SegmentCache(_reader), _reader.Holes));
        foreach (var context in contexts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await CheckContextAsync(context, inventory, walker, objects);
        }

        await CheckLogEndsAsync(inventory, cancellationToken);
        var indexes = new IndexChecker(_reader, isQuick);
        foreach (var (writer, first, _) in inventory.Indexes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _counts.Indexes++;
            if (await indexes.CheckAsync(writer, first) is { } problem)
            {
                _damage.Add(BlobNames.LogIndex(writer, first), problem, new Cost(CostKind.RecoverySlower));
            }
        }

        await CheckLostAsync(inventory, cancellationToken);
        AddUnclaimed(objects);
        (_counts.Segments, _counts.Chunks, _counts.KvBytes) = (_orphans.Segments, _orphans.Chunks, objects.KvBytes);
        _counts.Seals = _seals.Count;
        AddNotes(inventory, tenant);
        var damage = _damage.ToReport();
        return new VerifyReport(
            place,
            identity,
            damage.Count == 0,
            isQuick,
            _counts,
            damage,
            tenant is null ? _orphans.Count(inventory, _seals) : null,
            _notes,
            Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static List<ContextId> ContextsOf(Inventory inventory, string? tenant)
    {
        if (tenant is null)
        {
            return inventory.Contexts;
        }

        var id = ContextId.TenantIdOf(tenant);
        return inventory.Tenants.Contains(id) || inventory.Contexts.Any(context => context.Tenant == id)
            ? inventory.Contexts.FindAll(context => context.Tenant == id)
            : throw new ToolException($"--tenant '{tenant}': the store has no such tenant.");
    }

    /// <summary>Reads which store it is.</summary>
    private async Task<string?> CheckIdentityAsync()
    {
        var (identity, problem) = await _reader.IdentityAsync();
        if (problem is not null)
        {
            _damage.Add(BlobNames.Store, problem, new Cost(CostKind.CannotOpen, "every context of the store"));
        }
        else if (identity is null)
        {
            _notes.Add(
                $"The store has no identity ('{BlobNames.Store}'): no silo of this build has worked with it, or the object was deleted, or "
                + "this is a copy of a part. The next silo that starts gives it one.");
        }

        return identity is null ? null : $"{identity.Id}, made {identity.Created.ToString("u", CultureInfo.InvariantCulture)}";
    }

    /// <summary>Checks all tenants and models, and takes note of which context has which.</summary>
    private async Task CheckCatalogAsync(Inventory inventory, List<ContextId> contexts, string? tenant)
    {
        foreach (var id in inventory.Tenants.Where(id => tenant is null || id == ContextId.TenantIdOf(tenant)))
        {
            _counts.Tenants++;
            if ((await _reader.TenantAsync(id)).Problem is { } problem)
            {
                _damage.Add(BlobNames.Tenant(id), problem);
            }
        }

        foreach (var fingerprint in inventory.Models)
        {
            _counts.Models++;
            if ((await _reader.ModelAsync(fingerprint)).Problem is { } problem)
            {
                _damage.Add(BlobNames.Model(fingerprint), problem);
            }
        }

        foreach (var context in contexts)
        {
            try
            {
                if (await _reader.Roots.ReadAsync(context) is { } found
                    && (await _reader.ModelAsync(found.Root.Model)).Value is { } model)
                {
                    _models[context] = model;
                }
            }
            catch (CorruptObjectException)
            {
                // The walk says so.
            }
        }
    }

    /// <summary>Walks a context, again while its root changes and something seems wrong (protocol, rule 15).</summary>
    private async Task CheckContextAsync(ContextId id, Inventory inventory, ContextWalker walker, ObjectChecker objects)
    {
        DamageList? before = null;
        for (var attempt = 1; ; attempt++)
        {
            var etag = await _reader.ETagAsync(BlobNames.Root(id));
            if (await walker.WalkAsync(id) is not { } walk)
            {
                return; // Deleted since it was listed.
            }

            if (walk.Root?.Loss is { } loss && inventory.Lost.Contains((loss.Writer, loss.Sequence)))
            {
                walk.AddNotedLoss(loss);
            }

            await CheckKvAsync(walk, objects);
            _orphans.Add(walk);
            var isSettled = walk.Damage.Count == 0 || await _reader.ETagAsync(BlobNames.Root(id)) == (walk.ETag ?? etag);
            if (!isSettled && attempt < Tries)
            {
                before = walk.Damage;
                continue;
            }

            if (!isSettled)
            {
                _notes.Add($"{walk.Name} changed at each of {Tries} walks: only what was found twice is reported. Run again.");
            }

            _damage.AddAll(walk.Damage, key => isSettled || before!.Keys.Contains(key));
            _counts.Contexts++;
            _counts.Tokens += walk.TokenLength;
            _counts.Extents += walk.Extents.Count();
            _counts.Pages += (walk.Root?.ExtentPages.Length + walk.Root?.InputPages.Length
                + (walk.Root?.StatePage is null ? 0 : 1)) ?? 0;
            return;
        }
    }

    private static async Task CheckKvAsync(ContextWalk walk, ObjectChecker objects)
    {
        foreach (var extent in walk.Extents)
        {
            if (await objects.CheckAsync(walk, extent) is { } problem)
            {
                walk.Damage.Add(
                    walk.ObjectOf(extent), problem, walk.Cost(CostKind.KvRecomputed, extent.FirstPosition, extent.EndPosition));
            }
        }

        foreach (var tail in walk.Tails)
        {
            for (var sequence = tail.From.Sequence; sequence < tail.End; sequence++)
            {
                await objects.SegmentAsync(tail.From.Writer, sequence);
            }
        }

        ChainCheck.Check(walk);
    }

    /// <summary>Lost segments whose loss is noted: contexts may have gone on since.</summary>
    private async Task CheckLostAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        foreach (var (writer, sequence) in inventory.Lost)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = BlobNames.Damage(writer, sequence);
            try
            {
                if ((await _reader.Ranges.ReadWholeAsync(name, NoteBytes, NoteBytes)).Content is { } content)
                {
                    var lost = LogDamageCodec.Decode(content);
                    _damage.Add(BlobNames.Log(writer, sequence), TailFolder.Lost);
                    _notes.Add(
                        $"{BlobNames.Log(writer, sequence)} was missed at {lost.Found:u}. Objects of its log behind it ({lost.Behind}) are "
                        + $"kept until {name} is deleted.");
                }
            }
            catch (CorruptObjectException error)
            {
                _damage.Add(name, error.Message);
            }
        }
    }

    /// <summary>Checks the last objects of each log: a seal keeps a dead writer from coming back for ever.</summary>
    private async Task CheckLogEndsAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        foreach (var (writer, segments) in inventory.Logs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var (sequence, _) in segments.AsEnumerable().Reverse().Take(LogEnd))
            {
                var name = BlobNames.Log(writer, sequence);
                try
                {
                    if (await _reader.Segments.ReadAsync(writer, sequence) is { IsSeal: true })
                    {
                        _seals.Add(name);
                        break;
                    }
                }
                catch (CorruptObjectException error)
                {
                    _damage.Add(name, error.Message);
                }
            }
        }
    }

    /// <summary>Damage in objects that are needed, at bytes that no context needs.</summary>
    private void AddUnclaimed(ObjectChecker objects)
    {
        foreach (var verdict in objects.Verdicts)
        {
            if (verdict.Problem is { } problem)
            {
                _damage.Add(verdict.Name, problem);
            }

            foreach (var other in verdict.Payloads.Values.Where(other => other is not null && !verdict.Claimed.Contains(other)))
            {
                _damage.Add(verdict.Name, other!);
            }
        }
    }

    private void AddNotes(Inventory inventory, string? tenant)
    {
        if (isQuick)
        {
            _notes.Add("Quick: KV payload was measured, not read.");
        }

        if (tenant is not null)
        {
            _notes.Add($"Only tenant '{tenant}' was looked at: orphans were not counted.");
        }
        else if (_orphans.IsBlind)
        {
            _notes.Add("Orphans were not counted: a damaged root or page hides what is needed.");
        }

        if (inventory.Strays.Count > 0)
        {
            _notes.Add(
                inventory.Strays.Count == 1
                    ? $"An object below Swarm's prefixes is not Swarm's: '{inventory.Strays[0]}'."
                    : $"{inventory.Strays.Count} objects below Swarm's prefixes are not Swarm's, such as '{inventory.Strays[0]}'.");
        }
    }
}
