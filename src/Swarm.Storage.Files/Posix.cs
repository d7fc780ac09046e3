using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Swarm.Storage.Files;

/// <summary>The Linux calls that .NET does not offer. Each returns 0 or an error number of <see cref="Errno"/>.</summary>
/// <remarks>Only flags with one value on all architectures are used; <c>statx</c> has one layout everywhere.</remarks>
internal static partial class Posix
{
    public const int ReadOnly = 0;
    public const int CreateNewForWriting = 0x1 | 0x40 | 0x80; // O_WRONLY | O_CREAT | O_EXCL
    public const int OpenOrCreate = 0x2 | 0x40; // O_RDWR | O_CREAT

    private const string LibC = "libc";
    private const int CloseOnExec = 0x80000;
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const int RemoveDirectoryFlag = 0x200;
    private const uint RenameNoReplace = 1;
    private const int LockShared = 1;
    private const int LockExclusive = 2;
    private const int LockNoWait = 4;
    private const int LockRelease = 8;
    private const uint FileMode = 0x1B4; // 0664, less the umask
    private const uint DirectoryMode = 0x1FD; // 0775, less the umask
    private const uint StatBasicAndBirth = 0x7FF | 0x800;

    /// <summary>Opens an absolute path.</summary>
    public static int Open(string path, int flags, out SafeFileHandle handle) =>
        Opened(() => OpenAtCwd(CurrentDirectory, path, flags | CloseOnExec, FileMode), out handle);

    /// <summary>Opens a name in an open directory.</summary>
    public static int Open(SafeFileHandle directory, string name, int flags, out SafeFileHandle handle) =>
        Opened(() => OpenAt(directory, name, flags | CloseOnExec, FileMode), out handle);

    /// <summary>Size, links and identity of an open file.</summary>
    public static int Stat(SafeFileHandle handle, out FileStat stat) =>
        StatXHandle(handle, "", EmptyPath, StatBasicAndBirth, out stat) == 0 ? 0 : LastError();

    /// <summary>Size, links and identity of a name in an open directory.</summary>
    public static int Stat(SafeFileHandle directory, string name, out FileStat stat) =>
        StatXHandle(directory, name, 0, StatBasicAndBirth, out stat) == 0 ? 0 : LastError();

    /// <summary>Makes one directory.</summary>
    public static int MakeDirectory(string path) => MkDir(path, DirectoryMode) == 0 ? 0 : LastError();

    /// <summary>Removes one empty directory.</summary>
    public static int RemoveDirectory(string path) =>
        UnlinkAtCwd(CurrentDirectory, path, RemoveDirectoryFlag) == 0 ? 0 : LastError();

    /// <summary>Gives a file a further name; refuses a name that exists.</summary>
    public static int Link(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to) =>
        LinkAt(fromDirectory, from, toDirectory, to, 0) == 0 ? 0 : LastError();

    /// <summary>Renames, in place of what is there.</summary>
    public static int Rename(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to) =>
        RenameAt(fromDirectory, from, toDirectory, to) == 0 ? 0 : LastError();

    /// <summary>Renames; refuses a name that exists.</summary>
    public static int RenameNew(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to)
    {
        try
        {
            return RenameAt2(fromDirectory, from, toDirectory, to, RenameNoReplace) == 0 ? 0 : LastError();
        }
        catch (EntryPointNotFoundException)
        {
            return Errno.NotImplemented; // A C library without it.
        }
    }

    /// <summary>Removes a name.</summary>
    public static int Unlink(SafeFileHandle directory, string name) =>
        UnlinkAt(directory, name, 0) == 0 ? 0 : LastError();

    /// <summary>Makes a file's bytes, or a directory's entries, survive power loss.</summary>
    public static int Sync(SafeFileHandle handle) => Retried(() => FSync(handle));

    /// <summary>The same for the whole file system of an open file.</summary>
    public static int SyncFileSystem(SafeFileHandle handle) => Retried(() => SyncFs(handle));

    /// <summary>Takes an advisory lock at once, or answers <see cref="Errno.WouldBlock"/>. It ends with the process.</summary>
    public static int TryLock(SafeFileHandle handle, bool exclusive) =>
        FLock(handle, (exclusive ? LockExclusive : LockShared) | LockNoWait) == 0 ? 0 : LastError();

    /// <summary>Releases it.</summary>
    public static void Unlock(SafeFileHandle handle) => _ = FLock(handle, LockRelease);

    private static int Opened(Func<int> open, out SafeFileHandle handle)
    {
        while (true)
        {
            var descriptor = open();
            if (descriptor >= 0)
            {
                handle = new SafeFileHandle(descriptor, ownsHandle: true);
                return 0;
            }

            var error = LastError();
            if (error != Errno.Interrupted)
            {
                handle = new SafeFileHandle();
                return error;
            }
        }
    }

    private static int Retried(Func<int> call)
    {
        while (call() != 0)
        {
            var error = LastError();
            if (error != Errno.Interrupted)
            {
                return error;
            }
        }

        return 0;
    }

    private static int LastError() => Marshal.GetLastPInvokeError();

    [LibraryImport(LibC, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAtCwd(int directory, string path, int flags, uint mode);

    [LibraryImport(LibC, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle directory, string path, int flags, uint mode);

    [LibraryImport(LibC, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatXHandle(
        SafeFileHandle directory, string path, int flags, uint mask, out FileStat stat);

    [LibraryImport(LibC, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MkDir(string path, uint mode);

    [LibraryImport(LibC, EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(
        SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to, int flags);

    [LibraryImport(LibC, EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(
        SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to);

    [LibraryImport(LibC, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(
        SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to, uint flags);

    [LibraryImport(LibC, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle directory, string path, int flags);

    [LibraryImport(LibC, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAtCwd(int directory, string path, int flags);

    [LibraryImport(LibC, EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle handle);

    [LibraryImport(LibC, EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle handle);

    [LibraryImport(LibC, EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle handle, int operation);
}
