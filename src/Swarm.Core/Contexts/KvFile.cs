using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Core.Contexts;

/// <summary>Bytes within an open file, for sending them from there: the system passes them on without a copy into this process. Owns the file.</summary>
public sealed partial class KvFile : IDisposable
{
    /// <summary>So many files of one folder that could not be sent, and no more of it is worth a try: its file system may not have that. Each ended a connection.</summary>
    public const int MaxGivenUp = 3;

    private const int WillNeed = 3; // POSIX_FADV_WILLNEED of linux/fadvise.h.

    private KvFile(FileStream stream, long offset, int length) => (Stream, Offset, Length) = (stream, offset, length);

    /// <summary>They could not be sent, with the reason: they are not to be sent again. Raised where they were sent.</summary>
    public event Action<string>? GivenUp;

    /// <summary>The file, opened for asynchronous reading. Its position is of no meaning.</summary>
    public FileStream Stream { get; }

    /// <summary>First of the bytes.</summary>
    public long Offset { get; }

    /// <summary>How many they are.</summary>
    public int Length { get; }

    /// <summary>Opens a file, and has the system begin to read the bytes. Whoever deletes or renames it meanwhile changes nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">First of the bytes.</param>
    /// <param name="length">How many they are.</param>
    /// <returns>The bytes; the caller checks that the file has them.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be opened.</exception>
    public static KvFile Open(string path, long offset, int length)
    {
        var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(stream.SafeFileHandle, offset, length, WillNeed); // Advice only.
        }

        return new KvFile(stream, offset, length);
    }

    /// <summary>Says that they could not be sent: raises <see cref="GivenUp"/>.</summary>
    /// <param name="reason">Why, for the log.</param>
    public void GiveUp(string reason) => GivenUp?.Invoke(reason);

    /// <inheritdoc/>
    public void Dispose() => Stream.Dispose();

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
