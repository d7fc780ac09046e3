using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage.Blobs.Files;

/// <summary>What is under a name at one moment.</summary>
/// <param name="ETag">ETag of the object; <see langword="null"/> when there is none.</param>
/// <param name="IsSettled">Whether the name is known to survive power loss.</param>
internal readonly record struct ObjectState(string? ETag, bool IsSettled)
{
    /// <summary>Looks at a name.</summary>
    public static ObjectState Of(SafeFileHandle folder, string folderPath, string fileName)
    {
        var path = Path.Combine(folderPath, fileName);
        var error = Posix.Open(folder, fileName, Posix.ReadOnly, out var file);
        if (error == Errno.NoEntry)
        {
            return new ObjectState(null, true);
        }

        FileFault.ThrowIf(error, "open", path);
        using (file)
        {
            try
            {
                FileFault.ThrowIf(Posix.Stat(file, out var stat), "read", path);
                return new ObjectState(ObjectTrailer.Read(file, stat, path, out _), stat.Links == 1);
            }
            catch (Exception exception) when (FileFault.Is(exception))
            {
                throw FileFault.Of(exception, "read", path);
            }
        }
    }

    /// <summary>Makes what was seen durable, where it may not be: nothing that is answered may vanish with the power.</summary>
    public void Settle(SafeFileHandle folder, string folderPath)
    {
        if (!IsSettled)
        {
            FileFault.ThrowIf(Posix.Sync(folder), "flush", folderPath);
        }
    }
}
