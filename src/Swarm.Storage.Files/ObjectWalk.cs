using System.Runtime.CompilerServices;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>Lists the objects below a folder in the order of their names, one folder at a time in memory.</summary>
/// <param name="folders">The store's folders.</param>
/// <param name="threads">Where the calls run.</param>
internal sealed class ObjectWalk(StoreFolders folders, IoThreads threads)
{
    private const int BatchSize = 256;

    /// <summary>Lists the objects of a folder whose rest of the name has a prefix.</summary>
    /// <param name="folder">The folder, as in names.</param>
    /// <param name="prefix">Prefix, without a slash.</param>
    /// <param name="cancellationToken">Stops listing.</param>
    public async IAsyncEnumerable<BlobItem> ListAsync(
        string folder, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = folders.PathOf(folder);
        var entries = await threads.RunAsync(
            () => FolderListing.Read(path, prefix, cancellationToken), cancellationToken).ConfigureAwait(false);
        for (var at = 0; at < entries.Length;)
        {
            if (entries[at].IsFolder)
            {
                await foreach (var item in ListAsync(NameOf(folder, entries[at].Key[..^1]), "", cancellationToken)
                    .ConfigureAwait(false))
                {
                    yield return item;
                }

                at++;
                continue;
            }

            var end = at;
            while (end < entries.Length && end - at < BatchSize && !entries[end].IsFolder)
            {
                end++;
            }

            var batch = entries.AsMemory(at, end - at);
            var items = await threads.RunAsync(() => Measure(folder, path, batch.Span), cancellationToken)
                .ConfigureAwait(false);
            foreach (var item in items)
            {
                yield return item;
            }

            at = end;
        }
    }

    private static List<BlobItem> Measure(string folder, string path, ReadOnlySpan<FolderEntry> objects)
    {
        var items = new List<BlobItem>(objects.Length);
        using var handle = StoreFolders.TryOpen(path);
        if (handle is null)
        {
            return items; // Removed meanwhile, so all of them were deleted.
        }

        foreach (var entry in objects)
        {
            var error = Posix.Stat(handle, entry.Key + ObjectPath.Suffix, out var stat);
            if (error == Errno.NoEntry)
            {
                continue; // Deleted meanwhile.
            }

            FileFault.ThrowIf(error, "list", Path.Combine(path, entry.Key));
            items.Add(new BlobItem(NameOf(folder, entry.Key), Math.Max(0, stat.Size - ObjectTrailer.SizeBytes)));
        }

        return items;
    }

    private static string NameOf(string folder, string part) => folder.Length == 0 ? part : $"{folder}/{part}";
}
