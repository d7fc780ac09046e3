using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Identity;

/// <summary>Knows which store this is, and ends everything for good once another one is in its place (protocol, rule 27). Lives on the store's loop.</summary>
/// <remarks>
/// What a silo holds in memory, and what it has acknowledged, is about one store. Were that one emptied, replaced or set back,
/// the next write would succeed all the same, and be worth nothing.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="reader">Reads it.</param>
/// <param name="time">Clock.</param>
/// <param name="ids">Gives a new store its id.</param>
/// <param name="logger">Where the end is told.</param>
/// <param name="metrics">Counts it.</param>
/// <param name="rules">Rules in force.</param>
/// <param name="ended">Runs once, when the store turned out to be another one.</param>
internal sealed class StoreGuard(
    IBlobStore store,
    RetryingReader reader,
    TimeProvider time,
    IIdSource ids,
    ILogger logger,
    StorageMetrics metrics,
    SameStoreRules rules,
    Action<string> ended)
{
    private const int MaxBytes = 4096;
    private StoreIdentity? _identity;
    private bool _isMadeHere;
    private Task? _learning;
    private string? _kept;
    private string? _fault;

    /// <summary>What became of the store; <see langword="null"/> while it is the same. Readable from any thread.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>The store's identity, once <see cref="KnowAsync"/> has ended.</summary>
    public StoreIdentity Identity => _identity ?? throw new InvalidOperationException("The store was not looked at yet.");

    /// <summary>Learns the identity, at first; a store that has none is given one.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached, or is not the same any more.</exception>
    /// <exception cref="CorruptObjectException">The identity is damaged.</exception>
    public async Task KnowAsync()
    {
        ThrowIfEnded();
        if (_identity is not null)
        {
            return;
        }

        var learning = _learning ??= LearnAsync();
        try
        {
            await learning;
        }
        finally
        {
            if (_learning == learning)
            {
                _learning = null;
            }
        }
    }

    /// <summary>Notes an object of this silo that is never deleted: a store that was set back to before it has it no more.</summary>
    /// <param name="name">The object; it takes the place of the one before.</param>
    public void Keep(string name) => _kept = name;

    /// <summary>Looks whether the store has the identity still: as of a moment after this was called.</summary>
    /// <param name="by">Reads it; <see langword="null"/> for the reader that everything else uses.</param>
    /// <exception cref="BlobStoreException">The store cannot be reached, or is not the same any more.</exception>
    public async Task CheckAsync(RetryingReader? by = null)
    {
        by ??= reader;
        await KnowAsync();
        if (!rules.ChecksIdentity)
        {
            return;
        }

        var kept = rules.ChecksOwnSegments ? _kept : null;
        var looking = kept is null ? Task.FromResult(default(BlobRead)) : by.ReadAsync(kept, 0, Memory<byte>.Empty);
        var reading = ReadAsync(by);
        try
        {
            await Task.WhenAll(looking, reading);
        }
        catch (CorruptObjectException error)
        {
            throw End($"its identity is damaged ({error.Message})");
        }

        ThrowIfEnded();
        var found = await reading;
        if (found is null)
        {
            throw End($"it has no identity, where {Identity.Id} is expected: it was emptied, replaced, or is not mounted");
        }

        if (found.Id != Identity.Id)
        {
            throw End($"it is store {found.Id}, made {found.Created:u}, where {Identity.Id}, made {Identity.Created:u}, is expected: it was replaced");
        }

        if (kept is not null && (await looking).IsMissing)
        {
            throw End($"{kept} is missing, which is never deleted: the store went back to an earlier state, or has lost objects");
        }
    }

    /// <summary>Warns, once, where this silo gave an identity to a store that holds contexts: the store had lost its own.</summary>
    /// <exception cref="BlobStoreException">The store cannot be listed.</exception>
    public async Task LookBehindNewIdentityAsync()
    {
        if (!_isMadeHere)
        {
            return;
        }

        await foreach (var item in store.ListAsync(BlobNames.RootsPrefix, CancellationToken.None))
        {
            StorageLog.IdentityWasMissing(logger, BlobNames.Store, item.Name);
            break;
        }

        _isMadeHere = false;
    }

    /// <summary>Throws once the store turned out to be another one.</summary>
    /// <exception cref="BlobStoreException">It did.</exception>
    public void ThrowIfEnded()
    {
        if (_fault is not null)
        {
            throw new BlobStoreException(_fault, isTransient: false);
        }
    }

    /// <summary>Ends everything for good.</summary>
    /// <param name="what">What was found.</param>
    /// <returns>To throw.</returns>
    public BlobStoreException End(string what)
    {
        if (_fault is null)
        {
            Volatile.Write(
                ref _fault,
                $"The store is not the one that this silo has written to: {what}. Nothing is acknowledged any more. Bring that store back "
                + "and restart every silo; or, if the change was meant, restart this one: it then works with what is there now.");
            metrics.StoresLost.Add(1);
            StorageLog.StoreLost(logger, _fault);
            ended(_fault);
        }

        return new BlobStoreException(_fault, isTransient: false);
    }

    private async Task LearnAsync()
    {
        var found = await ReadAsync(reader);
        if (found is null)
        {
            var made = new StoreIdentity(ids.Next(), DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds()));
            await CreateAsync(ManifestCodec.EncodeStore(made));
            found = await ReadAsync(reader) // Another silo may have been quicker.
                ?? throw new BlobStoreException($"'{BlobNames.Store}' vanished as soon as it was made: something else deletes objects.", isTransient: true);
            _isMadeHere = found.Id == made.Id;
            StorageLog.StoreIdentified(logger, found.Id, found.Created, _isMadeHere ? "new" : "existing");
        }
        else
        {
            StorageLog.StoreIdentified(logger, found.Id, found.Created, "existing");
        }

        _identity = found;
    }

    private static async Task<StoreIdentity?> ReadAsync(RetryingReader by)
    {
        var (content, _) = await by.ReadWholeAsync(BlobNames.Store, 256, MaxBytes);
        try
        {
            return content is null ? null : ManifestCodec.DecodeStore(content);
        }
        catch (CorruptObjectException error)
        {
            throw new CorruptObjectException(
                $"{BlobNames.Store}: {error.Message} Bring the object back; or delete it while no silo runs, and the next start makes another.",
                error.IsUnsupported);
        }
    }

    private Task<BlobWrite> CreateAsync(byte[] content) =>
        time.RetryAsync(() => store.CreateAsync(BlobNames.Store, new ReadOnlySequence<byte>(content), CancellationToken.None), metrics);
}
