using System.Buffers;
using Swarm.Storage.Blobs;

namespace Swarm.Silo.Stores;

/// <summary>Tries a store before anything is built on it.</summary>
internal static class StoreTrial
{
    /// <summary>Prefix of the objects that trying makes and deletes.</summary>
    public const string Prefix = "probe/";

    private const int ProbeBytes = 16;

    /// <summary>Writes an object, reads it back and deletes it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cancellationToken">Stops trying.</param>
    /// <exception cref="BlobStoreException">It cannot be used.</exception>
    public static async Task TryAsync(IBlobStore store, CancellationToken cancellationToken)
    {
        var content = Guid.NewGuid().ToByteArray();
        var name = $"{Prefix}{Guid.NewGuid():n}";
        var write = await store.CreateAsync(name, new ReadOnlySequence<byte>(content), cancellationToken);
        if (write.IsRefused)
        {
            throw new BlobStoreException(
                $"a fresh object '{name}' came back as existing: this is not a store that Swarm can use.", isTransient: false);
        }

        var read = new byte[ProbeBytes];
        var outcome = await store.ReadAsync(name, 0, read, cancellationToken);
        if (outcome.Count != ProbeBytes || !read.AsSpan().SequenceEqual(content))
        {
            throw new BlobStoreException(
                $"the object '{name}' does not read back as written: this is not a store that Swarm can use.",
                isTransient: false);
        }

        await store.DeleteAsync(name, cancellationToken);
    }
}
