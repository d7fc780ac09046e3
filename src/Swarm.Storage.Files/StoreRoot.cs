using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>Tells a store's folder, or one that may become it, from somebody else's.</summary>
internal static class StoreRoot
{
    private const int MaxShown = 5;

    // What file systems, their tools and file managers put into a folder by themselves.
    private static readonly string[] Harmless =
    [
        "lost+found", ".snapshot", ".snapshots", ".zfs", ".DS_Store", "aquota.user", "aquota.group",
        "System Volume Information", "$RECYCLE.BIN",
    ];

    /// <summary>Checks a folder before the first write into it.</summary>
    /// <param name="folders">The store's folders. They need not exist.</param>
    /// <exception cref="BlobStoreException">There are files of others in it, and no store.</exception>
    public static void Check(StoreFolders folders)
    {
        var root = folders.Root;
        if (Directory.Exists(folders.Objects) && Directory.Exists(folders.Temp))
        {
            return; // A store. What else lies there was put there later.
        }

        string[] foreign;
        try
        {
            foreign = [.. Directory.EnumerateFileSystemEntries(root).Select(path => Path.GetFileName(path)).Where(IsForeign).Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return; // It is made by the first write.
        }
        catch (Exception exception) when (FileFault.Is(exception))
        {
            throw FileFault.Of(exception, "look into", root);
        }

        if (foreign.Length > 0)
        {
            var shown = string.Join(", ", foreign.Take(MaxShown).Select(name => $"'{name}'"));
            throw new BlobStoreException(
                $"'{root}' is not a store, and not empty: it holds {shown}{(foreign.Length > MaxShown ? $" and {foreign.Length - MaxShown} more" : "")}. "
                + "Give the store an empty folder, or one that does not exist yet.",
                isTransient: false);
        }

        bool IsForeign(string name) =>
            !Harmless.Contains(name, StringComparer.OrdinalIgnoreCase)
            && !name.StartsWith(".Trash", StringComparison.Ordinal)
            && name != Path.GetFileName(folders.Objects)
            && name != Path.GetFileName(folders.Temp);
    }
}
