using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>The folders of a store: opens them, makes them, and knows which of them would survive power loss.</summary>
/// <param name="root">Full path of the store's folder.</param>
internal sealed class StoreFolders(string root)
{
    private const int MaxRemembered = 65_536;
    private const int MaxTries = 1_000;

    // A folder is durable once its parent was synced after it was made, whoever made it.
    private readonly ConcurrentDictionary<FileIdentity, bool> _durable = new();

    private volatile bool _wasThere;

    /// <summary>Full path of the store's folder.</summary>
    public string Root => root;

    /// <summary>Full path of the folder with all objects.</summary>
    public string Objects { get; } = Path.Combine(root, "objects");

    /// <summary>Full path of the folder with what is being written.</summary>
    public string Temp { get; } = Path.Combine(root, "temp");

    /// <summary>Full path of an objects' folder.</summary>
    public string PathOf(string folder) => folder.Length == 0 ? Objects : Path.Combine(Objects, folder);

    /// <summary>Opens a folder, or answers <see langword="null"/> when there is none.</summary>
    public static SafeFileHandle? TryOpen(string path)
    {
        var error = Posix.Open(path, Posix.ReadOnly, out var handle);
        if (error == Errno.NoEntry)
        {
            return null;
        }

        FileFault.ThrowIf(error, "open", path);
        return handle;
    }

    /// <summary>Opens a folder of the store for a write into it; makes it, and makes it durable, where needed.</summary>
    public SafeFileHandle OpenDurable(string path)
    {
        for (var tries = 0; ; tries++)
        {
            var handle = TryOpen(path);
            if (handle is null)
            {
                // Others may remove it as often as it is made; a file system that never shows it is another matter.
                if (tries == MaxTries)
                {
                    throw new BlobStoreException(
                        $"Could not create the folder '{path}': its file system takes no folders. Give the store a folder on a local disk.",
                        isTransient: false);
                }

                Make(path);
                continue;
            }

            try
            {
                FileFault.ThrowIf(Posix.Stat(handle, out var stat), "open", path);
                if (!_durable.ContainsKey(stat.Identity))
                {
                    SyncParent(path);
                    Remember(stat.Identity);
                }

                if (path == Objects)
                {
                    _wasThere = true;
                }

                return handle;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
    }

    /// <summary>Removes empty folders of objects, from this one upwards.</summary>
    public void RemoveEmpty(string folder)
    {
        while (folder.Length > 0 && Posix.RemoveDirectory(PathOf(folder)) == 0)
        {
            folder = Path.GetDirectoryName(folder) ?? "";
        }
    }

    private void SyncParent(string path)
    {
        var parent = Path.GetDirectoryName(path)!;
        if (path == root)
        {
            // Above the store there may be no right to read; what is there was not made for a durable write of ours.
            if (Posix.Open(parent, Posix.ReadOnly, out var above) == 0)
            {
                using (above)
                {
                    FileFault.ThrowIf(Posix.Sync(above), "flush", parent);
                }
            }

            return;
        }

        using var handle = OpenDurable(parent);
        FileFault.ThrowIf(Posix.Sync(handle), "flush", parent);
    }

    private void Make(string path)
    {
        if (_wasThere && (path == root || path == Objects))
        {
            // Folders of objects come and go; these do not. Made anew, they would be an empty store in the place of this one.
            throw new BlobStoreException(
                $"The store's folder '{path}' is gone: it was removed, moved away or unmounted, and is not made again while this process "
                + "runs. Bring it back, or restart.",
                isTransient: false);
        }

        var error = Posix.MakeDirectory(path);
        if (error == Errno.NoEntry)
        {
            using (OpenDurableAncestor(path))
            {
                return; // The caller tries again.
            }
        }

        FileFault.ThrowIf(error == Errno.Exists ? 0 : error, "create the folder", path);
    }

    private SafeFileHandle? OpenDurableAncestor(string path)
    {
        var parent = Path.GetDirectoryName(path)!;
        if (path != root)
        {
            return OpenDurable(parent);
        }

        try
        {
            Directory.CreateDirectory(parent);
            return null;
        }
        catch (Exception exception) when (FileFault.Is(exception))
        {
            throw FileFault.Of(exception, "create the folder", parent);
        }
    }

    private void Remember(FileIdentity folder)
    {
        if (_durable.Count >= MaxRemembered)
        {
            _durable.Clear(); // They are synced once more; nothing is lost.
        }

        _durable.TryAdd(folder, true);
    }
}
