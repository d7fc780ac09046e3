using System.ComponentModel;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>Turns the file system's errors into faults of the store that name the path and the remedy.</summary>
internal static class FileFault
{
    /// <summary>Throws unless the error number is 0.</summary>
    public static void ThrowIf(int error, string action, string path)
    {
        if (error != 0)
        {
            throw Of(error, action, path, new Win32Exception(error));
        }
    }

    /// <summary>The fault for an exception of the base library.</summary>
    public static BlobStoreException Of(Exception cause, string action, string path) => cause switch
    {
        UnauthorizedAccessException => Of(Errno.AccessDenied, action, path, cause),
        ArgumentOutOfRangeException => Of(Errno.FileTooBig, action, path, cause),
        _ => Of(cause.HResult, action, path, cause),
    };

    /// <summary>Whether a fault says that there is no room left.</summary>
    public static bool IsFull(BlobStoreException fault) =>
        (fault.InnerException is Win32Exception error ? error.NativeErrorCode : fault.InnerException?.HResult) is Errno.NoSpace or Errno.QuotaExceeded;

    /// <summary>Whether <see cref="Of(Exception, string, string)"/> knows what to make of it.</summary>
    public static bool Is(Exception cause) =>
        cause is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    private static BlobStoreException Of(int error, string action, string path, Exception cause)
    {
        var (reason, isTransient) = error switch
        {
            Errno.NoSpace => ("the volume is full: free space, or give the store a larger volume", true),
            Errno.QuotaExceeded => ("the disk quota is used up: free space, or raise the quota", true),
            Errno.FileTooBig => ("the file would be larger than this file system or 'ulimit -f' allows", false),
            Errno.AccessDenied or Errno.NotPermitted =>
                ("permission denied: give this process's user read and write access to the folder", false),
            Errno.ReadOnlyFileSystem => ("the file system is mounted read-only: mount it for writing", false),
            Errno.InputOutput => ("the device reports an input/output error: look at the kernel log, replace it", false),
            Errno.TooManyFiles or Errno.TooManyFilesInSystem =>
                ("too many files are open: raise 'ulimit -n'", true),
            Errno.NoMemory => ("the system is out of memory: free some, or raise the container's limit", true),
            Errno.CrossDevice =>
                ("it lies on another volume than the store's 'temp' folder: keep the whole store on one volume", false),
            Errno.NotADirectory or Errno.IsADirectory =>
                ("a folder was expected and a file found, or the other way round: give the store a folder of its own",
                 false),
            Errno.Invalid or Errno.NotImplemented or Errno.NotSupported or Errno.NoLocks =>
                ("the file system does not support this: put the store on a local one such as ext4, xfs or btrfs, or use an "
                    + "Azure store",
                 false),
            Errno.StaleHandle => ("the folder was replaced on its server: check the mount", true),
            _ => (cause.Message, false),
        };

        if (error == Errno.NotADirectory && FileIn(path) is { } file)
        {
            return new BlobStoreException($"'{file}' is a file: give the store a folder of its own.", isTransient: false, cause);
        }

        return new BlobStoreException($"Could not {action} '{path}': {reason}.", isTransient, cause);
    }

    /// <summary>The part of a path that is a file, where a folder is needed.</summary>
    private static string? FileIn(string path)
    {
        for (var part = path; part is not null; part = Path.GetDirectoryName(part))
        {
            if (File.Exists(part))
            {
                return part;
            }
        }

        return null;
    }
}
