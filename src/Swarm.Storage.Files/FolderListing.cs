using System.IO.Enumeration;

namespace Swarm.Storage.Files;

/// <summary>Reads the entries of one folder.</summary>
internal static class FolderListing
{
    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
    };

    /// <summary>Entries whose key begins with a prefix or, for folders, may lead to such names; in ordinal order of the names.</summary>
    /// <remarks>
    /// Under the folder's shared lock: while an entry is swapped for another of the same name, some file systems
    /// would show neither to a scan.
    /// </remarks>
    public static FolderEntry[] Read(string path, string prefix, CancellationToken cancellationToken)
    {
        using var folder = StoreFolders.TryOpen(path);
        if (folder is null)
        {
            return [];
        }

        FolderLock.Take(folder, path, exclusive: false, cancellationToken);
        try
        {
            var entries = Scan(path).Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
            Array.Sort(entries, static (left, right) => string.CompareOrdinal(left.Key, right.Key));
            return entries;
        }
        catch (DirectoryNotFoundException)
        {
            return []; // Removed meanwhile, so it was empty.
        }
        catch (Exception exception) when (FileFault.Is(exception))
        {
            throw FileFault.Of(exception, "list", path);
        }
    }

    private static FileSystemEnumerable<FolderEntry> Scan(string path) =>
        new(path, Entry, Everything)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry entry) =>
                entry.IsDirectory || entry.FileName.EndsWith(ObjectPath.Suffix, StringComparison.Ordinal),
        };

    private static FolderEntry Entry(ref FileSystemEntry entry) =>
        entry.IsDirectory
            ? new FolderEntry(string.Concat(entry.FileName, "/"), IsFolder: true)
            : new FolderEntry(entry.FileName[..^ObjectPath.Suffix.Length].ToString(), IsFolder: false);
}
