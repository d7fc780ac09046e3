using Swarm.Format.Objects;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Tool.Stores;
using Swarm.Tool.Tests.Support;
using Xunit;

namespace Swarm.Tool.Tests.Stores;

/// <summary>The command's view of a store: nothing can be changed, and a file that is cut is damage of one object.</summary>
public sealed class ReadOnlyBlobStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnyWrite_IsRefused()
    {
        var inner = new MemoryBlobStore();
        inner.Add("log/a", [1]);
        var store = new ReadOnlyBlobStore(inner);

        await Assert.ThrowsAsync<NotSupportedException>(() => store.CreateAsync("log/b", new(new byte[1]), Token));
        await Assert.ThrowsAsync<NotSupportedException>(() => store.ReplaceAsync("log/a", new(new byte[2]), "log/a", Token));
        await Assert.ThrowsAsync<NotSupportedException>(() => store.DeleteAsync("log/a", Token));
        Assert.Equal(["log/a"], inner.Names);
    }

    [Fact]
    public async Task Read_FileCutBelowItsTrailer_IsACorruptObject()
    {
        using var folder = new TempDirectory();
        var blobs = new MemoryBlobStore();
        blobs.Add("log/a", new byte[100]);
        await StoreFolder.WriteAsync(blobs, folder.Path);
        await File.WriteAllBytesAsync(StoreFolder.FileOf(folder.Path, "log/a"), new byte[9], Token);
        using var files = new FileBlobStore(folder.Path);

        await Assert.ThrowsAsync<CorruptObjectException>(
            () => new ReadOnlyBlobStore(files).ReadAsync("log/a", 0, new byte[1], Token));
    }
}
