using System.Buffers;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Contexts;

/// <summary>What contexts share: tenants' keys, and what model fingerprints hash. Never changes once written.</summary>
internal sealed class Catalog(IBlobStore store, RetryingReader reader, TimeProvider time, IIdSource ids, StorageMetrics metrics)
{
    private const int MaxBytes = 1 << 20;
    private readonly Dictionary<Id128, TenantKey> _keys = [];
    private readonly Dictionary<ModelFingerprint, ModelDescriptor> _models = [];

    /// <summary>A tenant's key; made at first use.</summary>
    /// <param name="tenant">The tenant's id.</param>
    /// <param name="name">Its name, for people who look at the store.</param>
    /// <exception cref="CorruptObjectException">The tenant's record is damaged.</exception>
    public async Task<TenantKey> GetTenantKeyAsync(Id128 tenant, string name)
    {
        if (_keys.TryGetValue(tenant, out var known))
        {
            return known;
        }

        var blob = BlobNames.Tenant(tenant);
        var content = await ReadAsync(blob);
        if (content is null && await HasFilledContextsAsync(tenant))
        {
            // Another key would make another chain: KV that is there could not be proven to be of its inputs.
            content = await ReadAsync(blob) ?? throw new CorruptObjectException(
                $"{blob} is missing, though tenant '{name}' has contexts. Restore it: without its key their KV is lost.");
        }

        if (content is null)
        {
            var key = new TenantKey([.. ids.Next().ToArray(), .. ids.Next().ToArray()]);
            await CreateAsync(blob, ManifestCodec.EncodeTenant(name, key));
            content = await ReadAsync(blob) ?? throw new CorruptObjectException($"{blob} vanished.");
        }

        return _keys[tenant] = Decode(blob, content, bytes => ManifestCodec.DecodeTenant(bytes).Key);
    }

    /// <summary>What a fingerprint hashes.</summary>
    /// <exception cref="CorruptObjectException">It is damaged, missing, or another model's.</exception>
    public async Task<ModelDescriptor> GetModelAsync(ModelFingerprint fingerprint)
    {
        if (_models.TryGetValue(fingerprint, out var known))
        {
            return known;
        }

        var blob = BlobNames.Model(fingerprint);
        var content = await ReadAsync(blob) ?? throw new CorruptObjectException($"{blob} is missing.");
        var model = Decode(blob, content, bytes => ManifestCodec.DecodeModel(bytes));
        return model.ComputeFingerprint() == fingerprint
            ? _models[fingerprint] = model
            : throw new CorruptObjectException($"{blob} holds the model of another fingerprint.");
    }

    /// <summary>Looks whether what is known of a tenant and a model is in the store: neither is ever deleted.</summary>
    /// <returns>The name of what is missing, or <see langword="null"/>.</returns>
    public async Task<string?> FindMissingAsync(Id128 tenant, ModelFingerprint fingerprint)
    {
        string[] names = [BlobNames.Tenant(tenant), BlobNames.Model(fingerprint)];
        var found = await Task.WhenAll(names.Select(name => reader.ReadAsync(name, 0, Memory<byte>.Empty)));
        return names.Where((_, index) => found[index].IsMissing).FirstOrDefault();
    }

    /// <summary>Writes down what a fingerprint hashes, if it is not there yet.</summary>
    public async Task AddModelAsync(ModelDescriptor model)
    {
        var fingerprint = model.ComputeFingerprint();
        if (!_models.ContainsKey(fingerprint))
        {
            await CreateAsync(BlobNames.Model(fingerprint), ManifestCodec.EncodeModel(model));
            _models[fingerprint] = model;
        }
    }

    /// <summary>
    /// Whether something was ever kept under a tenant's key. A context in which nothing ever was may be left of a store that was set back
    /// while it was being made: any key is good for it.
    /// </summary>
    private async Task<bool> HasFilledContextsAsync(Id128 tenant)
    {
        await foreach (var item in store.ListAsync($"{BlobNames.RootsPrefix}{tenant}/", CancellationToken.None))
        {
            if ((await reader.ReadWholeAsync(item.Name, ContextRoot.MaxBytes, ContextRoot.MaxBytes)).Content is { } content
                && !Decode(item.Name, content, bytes => ManifestCodec.DecodeRoot(bytes)).IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<byte[]?> ReadAsync(string blob) =>
        (await reader.ReadWholeAsync(blob, 4096, MaxBytes)).Content;

    private Task<BlobWrite> CreateAsync(string blob, byte[] content) =>
        time.RetryAsync(() => store.CreateAsync(blob, new ReadOnlySequence<byte>(content), CancellationToken.None), metrics);

    private static T Decode<T>(string blob, byte[] content, Func<byte[], T> decode)
    {
        try
        {
            return decode(content);
        }
        catch (CorruptObjectException error)
        {
            throw new CorruptObjectException($"{blob}: {error.Message}", error.IsUnsupported);
        }
    }
}
