using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage.Files;

/// <summary>What is under a name at one moment.</summary>
/// <param name="ETag">ETag of the object; <see langword="null"/> when there is none.</param>
/// <param name="IsSettled">Whether the name is known to survive power loss.</param>
internal readonly record struct ObjectState(string? ETag, bool IsSettled)
{
    /// <summary>Looks at a name.</summary>
    public static ObjectState Of(SafeFileHandle folder, string folderPath, string fileName, NameDurability names)
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
                var etag = ObjectTrailer.Read(file, stat, path, out _);
                return new ObjectState(etag, names.IsKnown(stat, etag));
            }
            catch (Exception exception) when (FileFault.Is(exception))
            {
                throw FileFault.Of(exception, "read", path);
            }
        }
    }

    /// <summary>Makes what was seen durable, where it may not be: nothing that is answered may vanish with the power.</summary>
    public void Settle(SafeFileHandle folder, string folderPath, NameDurability names)
    {
        if (!IsSettled)
        {
            FileFault.ThrowIf(Posix.Sync(folder), "flush", folderPath);
            names.Note(ETag!);
        }
    }
}
