using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Files;

/// <summary>An object written and flushed under a temporary name, on its way to its own name.</summary>
internal sealed class TempObject : IDisposable
{
    private readonly TempFiles _temp;
    private bool _keep;

    private TempObject(TempFiles temp, string name, string etag)
    {
        _temp = temp;
        Name = name;
        ETag = etag;
    }

    /// <summary>Its name in the temporary folder.</summary>
    public string Name { get; }

    /// <summary>Its ETag, fresh.</summary>
    public string ETag { get; }

    /// <summary>Writes and flushes an object. The content is not copied or flattened.</summary>
    public static TempObject Write(TempFiles temp, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        var name = temp.NewName();
        var path = temp.PathOf(name);
        var error = Posix.Open(temp.Folder, name, Posix.CreateNewForWriting, out var file);
        if (error == Errno.NoEntry)
        {
            throw Lost(path);
        }

        FileFault.ThrowIf(error, "create", path);
        var written = new TempObject(temp, name, "");
        try
        {
            using (file)
            {
                var trailer = ObjectTrailer.Create(content.Length, out var etag);
                var buffers = new List<ReadOnlyMemory<byte>>();
                foreach (var segment in content)
                {
                    if (!segment.IsEmpty)
                    {
                        buffers.Add(segment);
                    }
                }

                buffers.Add(trailer);
                RandomAccess.Write(file, buffers, 0);
                cancellationToken.ThrowIfCancellationRequested();
                FileFault.ThrowIf(Posix.Sync(file), "flush", path);
                cancellationToken.ThrowIfCancellationRequested();
                return new TempObject(temp, name, etag);
            }
        }
        catch (Exception exception)
        {
            written.Dispose();
            if (FileFault.Is(exception))
            {
                throw FileFault.Of(exception, "write", path);
            }

            throw;
        }
    }

    /// <summary>Gives it its name, unless that exists.</summary>
    /// <returns>0, or an error number.</returns>
    public int TryName(SafeFileHandle folder, string fileName) => _temp.Names.HasLinks
        ? Posix.Link(_temp.Folder, Name, folder, fileName)
        : Posix.RenameNew(_temp.Folder, Name, folder, fileName);

    /// <summary>Puts it in the place of an object; the caller holds the folder's lock.</summary>
    public void MoveOver(SafeFileHandle folder, string folderPath, string fileName)
    {
        var path = Path.Combine(folderPath, fileName);
        if (!_temp.Names.HasLinks)
        {
            FileFault.ThrowIf(Posix.Rename(_temp.Folder, Name, folder, fileName), "replace", path);
            return;
        }

        // A second name goes away with the rename; the first stays until the new name is durable.
        var second = _temp.NewName();
        FileFault.ThrowIf(Posix.Link(_temp.Folder, Name, _temp.Folder, second), "replace", path);
        FileFault.ThrowIf(Posix.Rename(_temp.Folder, second, folder, fileName), "replace", path);
    }

    /// <summary>Makes its new name durable, then says so to readers by giving up the temporary one.</summary>
    public void Publish(SafeFileHandle folder, string folderPath)
    {
        _keep = true; // Where this fails, the mark of a name that may be lost has to stay.
        FileFault.ThrowIf(Posix.Sync(folder), "flush", folderPath);
        _temp.Names.Note(ETag);
        _keep = false;
    }

    /// <summary>Throws when the temporary name is gone.</summary>
    public void ThrowIfLost()
    {
        if (Posix.Stat(_temp.Folder, Name, out _) == Errno.NoEntry)
        {
            throw Lost(_temp.PathOf(Name));
        }
    }

    /// <summary>Removes the temporary name.</summary>
    public void Dispose()
    {
        if (!_keep)
        {
            _ = Posix.Unlink(_temp.Folder, Name); // Where it fails, a later instance cleans up.
        }
    }

    private static BlobStoreException Lost(string path) =>
        new($"'{path}' was removed while it was in use: let nothing but this store write into its folder.", false);
}
