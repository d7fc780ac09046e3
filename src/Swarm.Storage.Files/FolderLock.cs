using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>A folder's advisory lock between processes: exclusive to swap or delete an entry, shared to list.</summary>
/// <remarks>It is held for microseconds, never across an fsync, and the kernel releases it when its process dies.</remarks>
internal static class FolderLock
{
    private const int BusyTries = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Takes the lock.</summary>
    /// <exception cref="BlobStoreException">Another process holds it for too long.</exception>
    public static void Take(SafeFileHandle folder, string path, bool exclusive, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            var error = Posix.TryLock(folder, exclusive);
            if (error == 0)
            {
                return;
            }

            if (error is not (Errno.WouldBlock or Errno.Interrupted))
            {
                FileFault.ThrowIf(error, "lock", path);
            }

            cancellationToken.ThrowIfCancellationRequested();
            if (tries < BusyTries)
            {
                Thread.Yield();
                continue;
            }

            Thread.Sleep(1);
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new BlobStoreException(
                    $"Could not lock '{path}' within {Patience.TotalSeconds:0} s: another process, stopped or hanging, "
                    + "holds it. Find it with 'lslocks' and end it.",
                    isTransient: true);
            }
        }
    }
}
