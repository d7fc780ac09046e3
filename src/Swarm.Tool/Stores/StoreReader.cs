using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;
using Swarm.Storage.Scheduling;

namespace Swarm.Tool.Stores;

/// <summary>Reads the objects of a store by the parts that an opening silo reads them with.</summary>
internal sealed class StoreReader
{
    /// <summary>Most bytes of an object that is read whole.</summary>
    public const int MaxWholeBytes = 64 << 20;

    private const int SmallBytes = 4096;
    private readonly Dictionary<string, (object? Value, string? Problem)> _catalog = new(StringComparer.Ordinal);

    /// <summary>Reads a store.</summary>
    /// <param name="store">The store; nothing but reads and listings is asked of it.</param>
    /// <param name="time">Clock of repeated tries.</param>
    public StoreReader(IBlobStore store, TimeProvider time)
    {
        Blobs = store;
        Ranges = new RetryingReader(store, time);
        Segments = new SegmentReader(Ranges);
        Holes = new LogHoles(store, Segments, time, ProtocolRules.All);
        Logs = new LogReader(Ranges, Segments, Holes, new ContextStoreOptions(), NullLogger.Instance);
        Roots = new RootStore(store, Ranges, time, NullLogger.Instance);
        Pages = new PageStore(store, Ranges, time, new RandomIdSource(time));
    }

    /// <summary>The store.</summary>
    public IBlobStore Blobs { get; }

    /// <summary>Reads ranges, with a few tries.</summary>
    public RetryingReader Ranges { get; }

    /// <summary>Reads segments.</summary>
    public SegmentReader Segments { get; }

    /// <summary>Tells the end of a log from a lost segment.</summary>
    public LogHoles Holes { get; }

    /// <summary>Reads indexes of logs.</summary>
    public LogReader Logs { get; }

    /// <summary>Reads roots.</summary>
    public RootStore Roots { get; }

    /// <summary>Reads pages.</summary>
    public PageStore Pages { get; }

    /// <summary>What a fingerprint hashes, or what is wrong with it.</summary>
    public async Task<(ModelDescriptor? Value, string? Problem)> ModelAsync(ModelFingerprint fingerprint)
    {
        var name = BlobNames.Model(fingerprint);
        return await CatalogAsync(name, content =>
        {
            var model = ManifestCodec.DecodeModel(content);
            return model.ComputeFingerprint() == fingerprint
                ? model
                : throw new CorruptObjectException("it holds the model of another fingerprint");
        });
    }

    /// <summary>A tenant's name and key, or what is wrong with them.</summary>
    public async Task<(TenantRecord? Value, string? Problem)> TenantAsync(Id128 tenant)
    {
        return await CatalogAsync(BlobNames.Tenant(tenant), content =>
        {
            var (name, key) = ManifestCodec.DecodeTenant(content);
            return ContextId.TenantIdOf(name) == tenant
                ? new TenantRecord(name, key)
                : throw new CorruptObjectException($"it says that it is tenant '{name}'");
        });
    }

    /// <summary>Which store it is, or what is wrong with the object that says so; neither where it is of an earlier build.</summary>
    public async Task<(StoreIdentity? Value, string? Problem)> IdentityAsync()
    {
        var found = await CatalogAsync(BlobNames.Store, content => ManifestCodec.DecodeStore(content));
        return found.Problem is not null && await ETagAsync(BlobNames.Store) is null ? (null, null) : found;
    }

    /// <summary>Whether a context's loss is noted in the store still: whoever has looked into it deletes the note.</summary>
    public async Task<bool> IsNotedAsync(ContextLoss loss) => await ETagAsync(BlobNames.Damage(loss.Writer, loss.Sequence)) is not null;

    /// <summary>The present ETag of an object; <see langword="null"/> when it is missing.</summary>
    public async Task<string?> ETagAsync(string name)
    {
        try
        {
            return (await Ranges.ReadAsync(name, 0, new byte[1])).ETag;
        }
        catch (CorruptObjectException)
        {
            return ""; // There, and unreadable: the reader of its content says what is wrong.
        }
    }

    private async Task<(T? Value, string? Problem)> CatalogAsync<T>(string name, Func<byte[], T> decode)
        where T : class
    {
        if (_catalog.TryGetValue(name, out var known))
        {
            return ((T?)known.Value, known.Problem);
        }

        (T? Value, string? Problem) found;
        try
        {
            var (content, _) = await Ranges.ReadWholeAsync(name, SmallBytes, MaxWholeBytes);
            found = content is null ? (null, $"{name} is missing") : (decode(content), null);
        }
        catch (CorruptObjectException error)
        {
            found = (null, $"{name}: {error.Message}");
        }

        _catalog[name] = found;
        return found;
    }
}
