using Microsoft.Win32.SafeHandles;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>Finds out whether a file system, or a sandbox around this process, lets files have hard links.</summary>
internal static class LinkProbe
{
    private const string First = "probe-1";
    private const string Second = "probe-2";

    /// <summary>Tries it in an instance's own temporary folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">Its path.</param>
    /// <param name="wantsLinks">False: renaming is taken though there may be links.</param>
    /// <returns>Whether there are links; if not, renaming works as it has to.</returns>
    /// <exception cref="BlobStoreException">Neither works.</exception>
    public static bool HasLinks(SafeFileHandle folder, string path, bool wantsLinks)
    {
        try
        {
            Make(folder, path, First);
            var link = wantsLinks ? Posix.Link(folder, First, folder, Second) : Errno.NotSupported;
            if (link == 0)
            {
                return true;
            }

            if (link is not (Errno.NotPermitted or Errno.NotSupported or Errno.NotImplemented or Errno.Invalid or Errno.AccessDenied))
            {
                FileFault.ThrowIf(link, "make a hard link in", path);
            }

            var rename = Posix.RenameNew(folder, First, folder, Second);
            if (rename == 0)
            {
                Make(folder, path, First);
                rename = Posix.RenameNew(folder, First, folder, Second) == Errno.Exists ? 0 : Errno.NotSupported;
            }

            return rename == 0
                ? false
                : throw new BlobStoreException(
                    $"The file system of '{path}' has no hard links, and no rename that refuses a name that exists: a write could "
                    + "overwrite another one. Put the store on a local file system such as ext4, xfs, btrfs or vfat, or use an "
                    + "Azure store.",
                    isTransient: false);
        }
        finally
        {
            _ = Posix.Unlink(folder, First);
            _ = Posix.Unlink(folder, Second);
        }
    }

    private static void Make(SafeFileHandle folder, string path, string name)
    {
        var error = Posix.Open(folder, name, Posix.CreateNewForWriting, out var file);
        file.Dispose();
        FileFault.ThrowIf(error, "create", Path.Combine(path, name));
    }
}
