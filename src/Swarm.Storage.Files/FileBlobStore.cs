using System.Buffers;
using System.Collections.Concurrent;
using Swarm.Core.Contexts;
using Swarm.Core.Settings;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>A store in a folder: the embedded default. Safe for several processes on one machine. Linux.</summary>
/// <remarks>
/// <para>
/// <c>objects/</c> holds the objects: folders as in their names, files with <c>+blob</c> at the end, the content from
/// byte 0 on and 32 bytes behind it with the ETag (random, new for each write). <c>temp/</c> holds what is being
/// written. The whole folder has to be on one local file system; one that holds other files and no store is refused.
/// </para>
/// <para>
/// A write goes to a temporary file, is flushed, gets its name by a link (create) or a rename under the folder's lock
/// (replace), and the folder is flushed. Until then the file keeps its temporary name as well: who sees two links
/// knows that the name may not be durable yet, and flushes the folder before answering. So nothing that was once read
/// is lost with the power.
/// </para>
/// <para>
/// Where there are no hard links (vfat, some network mounts and sandboxes) the name is given by a rename that refuses one
/// that exists, and the folder is flushed before the first answer about each object that this instance did not write.
/// All processes on one store must be allowed the same. What a power cut does to a file system without a journal is
/// beyond this store.
/// </para>
/// <para>
/// 1 MiB of the volume is kept back for the small writes without which nothing could be collected once it is full
/// (<see cref="ReservedSpace"/>).
/// </para>
/// <para>
/// Calls run on a few threads of the store's own. Cancelling stops waiting for a thread, and a write before it gets
/// its name. Dispose when no call runs; a store that was not disposed is cleaned up by the next one.
/// </para>
/// </remarks>
public sealed class FileBlobStore : IBlobStore, IFileBackedBlobStore, IDisposable
{
    private const int ReadThreads = 8;
    private const int WriteThreads = 8;

    private readonly StoreFolders _folders;
    private readonly NameDurability _names = new();
    private readonly bool _wantsLinks;
    private readonly IoThreads _reads = new("swarm-blob-read", ReadThreads);
    private readonly IoThreads _writes = new("swarm-blob-write", WriteThreads);
    private readonly ConcurrentDictionary<string, bool> _unsendable = []; // Files that failed while they were sent: reading them says why.
    private readonly Lock _tempGate = new();
    private TempFiles? _temp;
    private bool _disposed;

    /// <summary>A store in a folder. Nothing is touched before the first call; the folder is made by the first write, and never again.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="ArgumentException">It is not a path; see <see cref="FolderPathRules"/>.</exception>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    public FileBlobStore(string path)
        : this(path, wantsLinks: true)
    {
    }

    /// <summary>A store that does without hard links where a test says so.</summary>
    internal FileBlobStore(string path, bool wantsLinks)
    {
        _wantsLinks = wantsLinks;
        if (FolderPathRules.Fault(path) is { } fault)
        {
            throw new ArgumentException(fault, nameof(path));
        }

        if (!IsSupported)
        {
            throw new PlatformNotSupportedException(NotSupported);
        }

        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        _folders = new StoreFolders(Root);
    }

    /// <summary>Whether this system has what a store in a folder needs: Linux.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>What to say where it has not.</summary>
    public static string NotSupported =>
        "A store in a folder needs Linux: on Windows run this in WSL 2, on macOS in a Linux container, or use an Azure store.";

    /// <summary>Full path of the folder.</summary>
    public string Root { get; }

    /// <inheritdoc/>
    public Task<BlobWrite> CreateAsync(
        string name, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        var mayUseReserve = ReservedSpace.IsAllowed;
        return _writes.RunAsync(
            () => Write(mayUseReserve, () => Create(ObjectPath.Of(name), content, cancellationToken)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BlobWrite> ReplaceAsync(
        string name, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentException.ThrowIfNullOrEmpty(expected);
        var mayUseReserve = ReservedSpace.IsAllowed;
        return _writes.RunAsync(
            () => Write(mayUseReserve, () => Replace(ObjectPath.Of(name), content, expected, cancellationToken)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<BlobRead> ReadAsync(
        string name, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return _reads.RunAsync(() => Read(ObjectPath.Of(name), offset, destination.Span), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        BlobNameRules.CheckPrefix(prefix);
        var slash = prefix.LastIndexOf('/');
        return new ObjectWalk(_folders, _reads).ListAsync(
            slash < 0 ? "" : prefix[..slash], prefix[(slash + 1)..], cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        return _writes.RunAsync(() => Delete(ObjectPath.Of(name), null, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string name, string expected, CancellationToken cancellationToken)
    {
        BlobNameRules.Check(name);
        ArgumentException.ThrowIfNullOrEmpty(expected);
        return _writes.RunAsync(() => Delete(ObjectPath.Of(name), expected, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    Task<KvFile?> IFileBackedBlobStore.TryOpenAsync(string name, long offset, int length) =>
        _reads.RunAsync(() => TryOpen(ObjectPath.Of(name), offset, length), CancellationToken.None);

    /// <summary>Removes the instance's temporary folder.</summary>
    public void Dispose()
    {
        lock (_tempGate)
        {
            _disposed = true;
            _temp?.Dispose();
            _temp = null;
        }
    }

    private BlobWrite Write(bool mayUseReserve, Func<BlobWrite> write)
    {
        while (true)
        {
            try
            {
                var done = write();
                if (mayUseReserve)
                {
                    Temp().Reserve.Replenish();
                }

                return done;
            }
            catch (BlobStoreException fault) when (mayUseReserve && FileFault.IsFull(fault) && Temp().Reserve.TryTake())
            {
                // There is room for a small object now.
            }
        }
    }

    private BlobWrite Create(ObjectPath path, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        var temp = Temp();
        var folderPath = _folders.PathOf(path.Folder);
        var folder = _folders.OpenDurable(folderPath);
        try
        {
            if (ObjectState.Of(folder, folderPath, path.FileName, _names) is { ETag: not null } there)
            {
                there.Settle(folder, folderPath, _names);
                return default;
            }

            using var written = TempObject.Write(temp, content, cancellationToken);
            while (true)
            {
                var error = written.TryName(folder, path.FileName);
                switch (error)
                {
                    case 0:
                        written.Publish(folder, folderPath);
                        return new BlobWrite(written.ETag);
                    case Errno.Exists:
                        ObjectState.Of(folder, folderPath, path.FileName, _names).Settle(folder, folderPath, _names);
                        return default;
                    case Errno.NoEntry:
                        // Somebody deleted the folder's last object, and the folder with it.
                        cancellationToken.ThrowIfCancellationRequested();
                        written.ThrowIfLost();
                        folder.Dispose();
                        folder = _folders.OpenDurable(folderPath);
                        break;
                    default:
                        FileFault.ThrowIf(error, "create", Path.Combine(folderPath, path.FileName));
                        break;
                }
            }
        }
        finally
        {
            folder.Dispose();
        }
    }

    private BlobWrite Replace(
        ObjectPath path, ReadOnlySequence<byte> content, string expected, CancellationToken cancellationToken)
    {
        var folderPath = _folders.PathOf(path.Folder);
        using var folder = StoreFolders.TryOpen(folderPath);
        if (folder is null)
        {
            return default;
        }

        var there = ObjectState.Of(folder, folderPath, path.FileName, _names);
        if (there.ETag != expected)
        {
            there.Settle(folder, folderPath, _names);
            return default;
        }

        using var written = TempObject.Write(Temp(), content, cancellationToken);
        FolderLock.Take(folder, folderPath, exclusive: true, cancellationToken);
        try
        {
            there = ObjectState.Of(folder, folderPath, path.FileName, _names);
            if (there.ETag == expected)
            {
                written.MoveOver(folder, folderPath, path.FileName);
            }
        }
        finally
        {
            Posix.Unlock(folder);
        }

        if (there.ETag != expected)
        {
            there.Settle(folder, folderPath, _names);
            return default;
        }

        written.Publish(folder, folderPath);
        return new BlobWrite(written.ETag);
    }

    private BlobRead Read(ObjectPath path, long offset, Span<byte> destination)
    {
        var folderPath = _folders.PathOf(path.Folder);
        var fullPath = Path.Combine(folderPath, path.FileName);
        var error = Posix.Open(fullPath, Posix.ReadOnly, out var file);
        if (error == Errno.NoEntry)
        {
            return default;
        }

        FileFault.ThrowIf(error, "open", fullPath);
        using (file)
        {
            try
            {
                FileFault.ThrowIf(Posix.Stat(file, out var stat), "read", fullPath);
                var etag = ObjectTrailer.Read(file, stat, fullPath, out var length);
                var wanted = destination[..(int)Math.Clamp(length - offset, 0, destination.Length)];
                var count = 0;
                while (count < wanted.Length)
                {
                    var read = RandomAccess.Read(file, wanted[count..], offset + count);
                    if (read == 0)
                    {
                        throw new BlobStoreException(
                            $"'{fullPath}' became shorter while it was read: something else writes into the store.",
                            isTransient: false);
                    }

                    count += read;
                }

                SettleOnce(folderPath, stat, etag);
                return new BlobRead(count, length, etag);
            }
            catch (Exception exception) when (FileFault.Is(exception))
            {
                throw FileFault.Of(exception, "read", fullPath);
            }
        }
    }

    private KvFile? TryOpen(ObjectPath path, long offset, int length)
    {
        var folderPath = _folders.PathOf(path.Folder);
        var fullPath = Path.Combine(folderPath, path.FileName);
        if (_unsendable.Count >= KvFile.MaxGivenUp || _unsendable.ContainsKey(fullPath))
        {
            return null;
        }

        KvFile? file = null;
        try
        {
            file = KvFile.Open(fullPath, offset, length);
            file.GivenUp += _ => _unsendable.TryAdd(fullPath, true);
            var handle = file.Stream.SafeFileHandle;
            FileFault.ThrowIf(Posix.Stat(handle, out var stat), "read", fullPath);
            var etag = ObjectTrailer.Read(handle, stat, fullPath, out var contentLength);
            if (offset + length <= contentLength)
            {
                SettleOnce(folderPath, stat, etag);
                return file;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or BlobStoreException)
        {
            // Reading it says what is wrong.
        }

        file?.Dispose();
        return null;
    }

    /// <summary>Makes the name of an object durable, unless it is known to be.</summary>
    private void SettleOnce(string folderPath, in FileStat stat, string etag)
    {
        if (!_names.IsKnown(stat, etag))
        {
            Settle(folderPath);
            _names.Note(etag);
        }
    }

    private bool Delete(ObjectPath path, string? expected, CancellationToken cancellationToken)
    {
        var folderPath = _folders.PathOf(path.Folder);
        using (var folder = StoreFolders.TryOpen(folderPath))
        {
            if (folder is null)
            {
                return false;
            }

            FolderLock.Take(folder, folderPath, exclusive: true, cancellationToken);
            int error;
            try
            {
                if (expected is not null && ObjectState.Of(folder, folderPath, path.FileName, _names).ETag != expected)
                {
                    return false;
                }

                error = Posix.Unlink(folder, path.FileName);
            }
            finally
            {
                Posix.Unlock(folder);
            }

            if (error == Errno.NoEntry)
            {
                return false;
            }

            FileFault.ThrowIf(error, "delete", Path.Combine(folderPath, path.FileName));
            FileFault.ThrowIf(Posix.Sync(folder), "flush", folderPath);
        }

        _folders.RemoveEmpty(path.Folder);
        return true;
    }

    private static void Settle(string folderPath)
    {
        using var folder = StoreFolders.TryOpen(folderPath);
        if (folder is not null)
        {
            FileFault.ThrowIf(Posix.Sync(folder), "flush", folderPath);
        }
    }

    private TempFiles Temp()
    {
        lock (_tempGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _temp ??= TempFiles.Open(_folders, _names, _wantsLinks);
        }
    }
}
