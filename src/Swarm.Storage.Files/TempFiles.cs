using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage.Files;

/// <summary>Names for files that are being written: a folder for each instance of a store, cleaned by later instances.</summary>
/// <remarks>
/// An instance holds an advisory lock on a file in its folder while it lives. Whoever gets that lock knows that the
/// owner is gone, however it ended, and removes the folder: no clocks, no process ids.
/// </remarks>
internal sealed class TempFiles : IDisposable
{
    private const string LockName = "lock";

    private readonly string _path;
    private readonly SafeFileHandle _lock;
    private long _last;

    private TempFiles(string path, SafeFileHandle folder, SafeFileHandle lockFile, NameDurability names)
    {
        _path = path;
        Names = names;
        Folder = folder;
        _lock = lockFile;
        Reserve = SpaceReserve.Make(path);
    }

    /// <summary>The folder.</summary>
    public SafeFileHandle Folder { get; }

    /// <summary>Space for writes that make room.</summary>
    public SpaceReserve Reserve { get; }

    /// <summary>Which objects' names are durable.</summary>
    public NameDurability Names { get; }

    /// <summary>Makes a folder for this instance, and removes those of dead ones.</summary>
    /// <param name="folders">The store's folders.</param>
    /// <param name="names">Learns whether there are hard links.</param>
    /// <param name="wantsLinks">False: does without, though there may be some.</param>
    public static TempFiles Open(StoreFolders folders, NameDurability names, bool wantsLinks)
    {
        StoreRoot.Check(folders);
        using (folders.OpenDurable(folders.Temp))
        {
            CleanUp(folders.Temp);
        }

        while (true)
        {
            var path = Path.Combine(folders.Temp, RandomNumberGenerator.GetHexString(32, lowercase: true));
            FileFault.ThrowIf(Posix.MakeDirectory(path), "create the folder", path);
            if (TryEnter(path, names) is not { } entered)
            {
                continue;
            }

            try
            {
                entered.ChooseNaming(wantsLinks);
                return entered;
            }
            catch
            {
                entered.Dispose();
                throw;
            }
        }
    }

    /// <summary>A name in <see cref="Folder"/> never given before.</summary>
    public string NewName() => Interlocked.Increment(ref _last).ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Full path of a name, for messages.</summary>
    public string PathOf(string name) => Path.Combine(_path, name);

    /// <inheritdoc/>
    public void Dispose()
    {
        Reserve.Dispose();
        Folder.Dispose();
        Remove(_path);
        _lock.Dispose();
    }

    private void ChooseNaming(bool wantsLinks)
    {
        if (LinkProbe.HasLinks(Folder, _path, wantsLinks))
        {
            return;
        }

        // Objects that were read before this were taken for durable if they had one link.
        Names.GoWithoutLinks();
        FileFault.ThrowIf(Posix.SyncFileSystem(Folder), "flush the file system of", _path);
    }

    // Nothing when a cleaner was quicker: it may find the folder before its lock is taken.
    private static TempFiles? TryEnter(string path, NameDurability names)
    {
        var folder = StoreFolders.TryOpen(path);
        if (folder is null)
        {
            return null;
        }

        var error = Posix.Open(folder, LockName, Posix.OpenOrCreate, out var lockFile);
        var locked = error == 0 ? Posix.TryLock(lockFile, exclusive: true) : 0;
        if (error == 0 && locked == 0 && IsStillThere(folder, lockFile))
        {
            return new TempFiles(path, folder, lockFile, names);
        }

        lockFile.Dispose();
        folder.Dispose();
        FileFault.ThrowIf(error is Errno.NoEntry ? 0 : error, "create", Path.Combine(path, LockName));
        FileFault.ThrowIf(locked is Errno.WouldBlock or Errno.Interrupted ? 0 : locked, "lock", Path.Combine(path, LockName));
        return null;
    }

    private static bool IsStillThere(SafeFileHandle folder, SafeFileHandle lockFile) =>
        Posix.Stat(folder, LockName, out var named) == 0
        && Posix.Stat(lockFile, out var held) == 0
        && named.Identity == held.Identity;

    private static void CleanUp(string temp)
    {
        foreach (var path in Directory.EnumerateDirectories(temp))
        {
            if (Posix.RemoveDirectory(path) == 0
                || Posix.Open(Path.Combine(path, LockName), Posix.ReadOnly, out var lockFile) != 0)
            {
                continue;
            }

            using (lockFile)
            {
                if (Posix.TryLock(lockFile, exclusive: true) == 0)
                {
                    Remove(path);
                }
            }
        }
    }

    // Best effort: what cannot be removed now is removed by a later instance.
    private static void Remove(string path)
    {
        if (Posix.Open(path, Posix.ReadOnly, out var folder) != 0)
        {
            return;
        }

        using (folder)
        {
            var names = Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).ToArray();

            // A second link means: made visible, not known to be durable. Losing the mark needs the sync first.
            if (names.Any(name => Posix.Stat(folder, name, out var stat) == 0 && stat.Links > 1)
                && Posix.SyncFileSystem(folder) != 0)
            {
                return;
            }

            foreach (var name in names.Where(name => name != LockName))
            {
                _ = Posix.Unlink(folder, name);
            }

            _ = Posix.Unlink(folder, LockName);
        }

        _ = Posix.RemoveDirectory(path);
    }
}
