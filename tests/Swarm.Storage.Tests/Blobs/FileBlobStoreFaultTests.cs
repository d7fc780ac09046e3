using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Storage.Tests.Simulation;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What a folder store says when the folder lets it down.</summary>
public sealed class FileBlobStoreFaultTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Root => _folder.Combine("store");

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Create_FileLimitReached_SaysSoAndKeepsWhatWasWritten()
    {
        using var worker = await StoreWorker.StartAsync("fill", Root, 100_000, maxFileKibibytes: 64);
        worker.Go();

        var line = Assert.Single(await worker.ReadToEndAsync());

        Assert.StartsWith("fault False Could not write '" + Root, line, StringComparison.Ordinal);
        Assert.Contains("ulimit -f", line, StringComparison.Ordinal);
        using var store = new FileBlobStore(Root);
        Assert.True((await store.ReadAsync("fill/0", 0, new byte[1], Stop)).IsMissing, "a part of it is there");
    }

    [Theory]
    [InlineData("")]
    [InlineData("objects")]
    public async Task Create_FolderRemovedLater_SaysSoAndMakesNoOther(string folder)
    {
        using var store = new FileBlobStore(Root);
        await store.CreateAsync("a/b", new ReadOnlySequence<byte>([1]), Stop);
        Directory.Move(Path.Combine(Root, folder), _folder.Combine("gone"));

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("c/d", new ReadOnlySequence<byte>([1]), Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains("is not made again while this process runs", fault.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Root, folder)));
        Directory.Move(_folder.Combine("gone"), Path.Combine(Root, folder));
        Assert.False((await store.CreateAsync("c/d", new ReadOnlySequence<byte>([1]), Stop)).IsRefused);
    }

    /// <summary>One that could not be sent would end a connection again and again: from then on it is read, which says what is wrong.</summary>
    [Fact]
    public async Task TryOpen_FileThatWasGivenUpOrHasNotTheRange_IsNotGivenOut()
    {
        using var store = new FileBlobStore(Root);
        IFileBackedBlobStore files = store;
        byte[] content = [.. Enumerable.Range(0, 200).Select(value => (byte)value)];
        await store.CreateAsync("a/b", new ReadOnlySequence<byte>(content), Stop);
        await store.CreateAsync("a/c", new ReadOnlySequence<byte>(content), Stop);
        Assert.Null(await files.TryOpenAsync("a/missing", 0, 1));
        Assert.Null(await files.TryOpenAsync("a/b", 100, 101)); // What follows in the file is not the object's.
        using (var file = (await files.TryOpenAsync("a/b", 100, 100))!)
        {
            var read = new byte[100];
            Assert.Equal((100, 100), (file.Length, RandomAccess.Read(file.Stream.SafeFileHandle, read, file.Offset)));
            Assert.Equal(content[100..], read);
            file.GiveUp("test");
        }

        Assert.Null(await files.TryOpenAsync("a/b", 100, 100));
        Assert.Equal(200, (await store.ReadAsync("a/b", 0, new byte[200], Stop)).Count);
        (await files.TryOpenAsync("a/c", 0, 200))!.Dispose();
        using (var cut = new FileStream(Directory.GetFiles(Root, "c+blob", SearchOption.AllDirectories).Single(), FileMode.Open))
        {
            cut.SetLength(150);
        }

        Assert.Null(await files.TryOpenAsync("a/c", 0, 100));
        await Assert.ThrowsAsync<BlobStoreException>(() => store.ReadAsync("a/c", 0, new byte[100], Stop));
    }

    /// <summary>Not every file system lets its files be sent.</summary>
    [Fact]
    public async Task TryOpen_SeveralFilesWereGivenUp_GivesNoneOut()
    {
        using var store = new FileBlobStore(Root);
        IFileBackedBlobStore files = store;
        for (var index = 0; index <= KvFile.MaxGivenUp; index++)
        {
            await store.CreateAsync($"a/{index}", new ReadOnlySequence<byte>([1, 2, 3]), Stop);
            using var file = await files.TryOpenAsync($"a/{index}", 0, 3);
            Assert.Equal(index == KvFile.MaxGivenUp, file is null);
            file?.GiveUp("test");
        }
    }

    // Where this user may not mount a small volume, the limit of the test above stands in for it.
    [Fact]
    public async Task Create_DiskFull_SaysSoKeepsWhatWasWrittenAndGoesOnWhenThereIsRoom()
    {
        Directory.CreateDirectory(Root);
        if (!TryMountTmpfs(Root))
        {
            await Create_FileLimitReached_SaysSoAndKeepsWhatWasWritten();
            return;
        }

        try
        {
            using var store = new FileBlobStore(Path.Combine(Root, "s"));
            var content = new byte[64 << 10];
            var created = 0;
            var fault = await Assert.ThrowsAsync<BlobStoreException>(async () =>
            {
                for (; created < 100; created++)
                {
                    await store.CreateAsync($"full/{created}", new(content), Stop);
                }
            });

            Assert.True(fault.IsTransient, "space may be freed");
            Assert.Contains(Root, fault.Message, StringComparison.Ordinal);
            Assert.Contains("volume is full", fault.Message, StringComparison.Ordinal);
            Assert.InRange(created, 5, 20);
            for (var i = 0; i < created; i++)
            {
                Assert.Equal(content.Length, (await store.ReadAsync($"full/{i}", 0, new byte[1], Stop)).Length);
            }

            Assert.True((await store.ReadAsync($"full/{created}", 0, new byte[1], Stop)).IsMissing, "a part is there");
            Assert.True(await store.DeleteAsync("full/0", Stop));
            Assert.False((await store.CreateAsync($"full/{created}", new(content), Stop)).IsRefused);
        }
        finally
        {
            Assert.True(Run("umount", Root), $"could not unmount {Root}");
        }
    }

    /// <summary>On a full volume a store that may not write could not delete either: collection notes what it is about to delete.</summary>
    [Fact]
    public async Task Collect_DiskFull_MakesRoom()
    {
        Directory.CreateDirectory(Root);
        Assert.True(TryMountTmpfs(Root, "32m"), "a tmpfs could not be mounted: this test needs root");
        try
        {
            using var blobs = new FileBlobStore(Path.Combine(Root, "s"));
            await using var store = new ContextStore(blobs, new ContextStoreOptions(), TimeProvider.System, NullLoggerFactory.Instance);
            await store.CreateAsync(new ContextSpec("t", "gone", SmallModel.Descriptor, SmallModel.BlockTokens), Stop);
            await (await store.OpenAsync(ContextId.FromNames("t", "gone"), Stop))!.CloseAsync(Stop);
            Assert.True(Id128.TryParse("0123456789abcdef0123456789abcdef", out var dead));
            var (count, content) = (0UL, new byte[256 << 10]);
            await Assert.ThrowsAsync<BlobStoreException>(async () =>
            {
                for (; count < 1000; count++)
                {
                    await blobs.CreateAsync(BlobNames.Log(dead, count), new(content), Stop);
                }
            });
            await FillAsync(blobs);

            var reports = new[] { await store.CollectAsync(Stop), await store.CollectAsync(Stop) };

            Assert.All(reports, report => Assert.Null(report.EndedEarly));
            Assert.Equal((long)count, reports.Sum(report => report.Deleted));
            Assert.False((await blobs.CreateAsync("full/again", new(content), Stop)).IsRefused);
        }
        finally
        {
            Assert.True(Run("umount", Root), $"could not unmount {Root}");
        }
    }

    private static async Task FillAsync(FileBlobStore blobs)
    {
        var content = new byte[1];
        await Assert.ThrowsAsync<BlobStoreException>(async () =>
        {
            for (var name = 0; name < 10_000; name++)
            {
                await blobs.CreateAsync($"full/{name}", new(content), Stop);
            }
        });
    }

    [Fact]
    public async Task Create_PathIsAFile_SaysSo()
    {
        await File.WriteAllTextAsync(Root, "not a folder", Stop);
        using var store = new FileBlobStore(Root);

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a", default, Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains(Root, fault.Message, StringComparison.Ordinal);
        Assert.Contains("folder", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_NoPermission_SaysSo()
    {
        // procfs refuses new entries to every user, root included.
        using var store = new FileBlobStore("/proc/swarm-store");

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a", default, Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains("/proc/swarm-store", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linkat,renameat2", 95, "no hard links")]
    [InlineData("linkat,renameat2", 22, "no hard links")]
    [InlineData("flock", 95, "does not support this")]
    public async Task Create_FileSystemLacksWhatIsNeeded_SaysWhatAndWhatToDo(string calls, int error, string expected)
    {
        using var worker = await StoreWorker.StartAsync("fill", Root, 1_000, refusedCalls: calls, refusedError: error);
        worker.Go();

        var line = Assert.Single(await worker.ReadToEndAsync());

        Assert.StartsWith("fault False ", line, StringComparison.Ordinal);
        Assert.Contains(Root, line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.Contains("use an Azure store", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("photos/", "report.txt")]
    [InlineData("objects/", "HEAD", "refs/")] // As in a Git repository.
    [InlineData("temp/", "a", "b", "c", "d", "e", "f", "g")]
    public async Task Create_FolderOfOthers_IsRefusedAndLeftAsItIs(params string[] entries)
    {
        Make(entries);
        var before = Entries();
        using var store = new FileBlobStore(Root);

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.CreateAsync("a", default, Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains($"'{Root}' is not a store", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"'{entries[1].TrimEnd('/')}'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, Entries());
    }

    [Theory]
    [InlineData]
    [InlineData("lost+found/")]
    [InlineData("temp/")] // A store whose first write was cut off.
    [InlineData("objects/")] // A store that was copied without what was being written.
    [InlineData("objects/", "temp/", "NOTES.txt")] // A store beside which somebody put a file.
    public async Task Create_FolderOfNobodyElse_IsTaken(params string[] entries)
    {
        Make(entries);
        using var store = new FileBlobStore(Root);

        Assert.False((await store.CreateAsync("a", default, Stop)).IsRefused);
    }

    [Theory]
    [InlineData("/srv/swarm ", "space")]
    [InlineData("/srv/swarm\n", "line break")]
    [InlineData("\"/srv/swarm\"", "quotation")]
    [InlineData("'/srv/swarm'", "quotation")]
    [InlineData("file:///srv/swarm", "/srv/swarm")]
    [InlineData("~/swarm", "home")]
    [InlineData("https://me.blob.core.windows.net/swarm", "Azure")]
    public void Open_PathThatIsNone_SaysWhatToWrite(string path, string expected)
    {
        var fault = Assert.Throws<ArgumentException>(() => new FileBlobStore(path));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(40)]
    public async Task Read_FileCutOff_IsAFaultAndNoObject(int length)
    {
        using var store = new FileBlobStore(Root);
        await store.CreateAsync("log/x", new(new byte[100]), Stop);
        var file = Path.Combine(Root, "objects", "log", "x+blob");
        using (var handle = File.OpenHandle(file, access: FileAccess.Write))
        {
            RandomAccess.SetLength(handle, length);
        }

        var fault = await Assert.ThrowsAsync<BlobStoreException>(() => store.ReadAsync("log/x", 0, new byte[10], Stop));

        Assert.False(fault.IsTransient);
        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_NameNotYetDurable_IsAnsweredAfterAFlush()
    {
        using var store = new FileBlobStore(Root);
        var write = await store.CreateAsync("log/x", new(new byte[100]), Stop);
        var file = Path.Combine(Root, "objects", "log", "x+blob");
        Assert.True(Run("ln", file, Path.Combine(Root, "temp", "left-by-the-dead")));

        Assert.Equal(write.ETag, (await store.ReadAsync("log/x", 0, new byte[10], Stop)).ETag);
        Assert.True((await store.CreateAsync("log/x", default, Stop)).IsRefused);
        Assert.False((await store.ReplaceAsync("log/x", default, write.ETag!, Stop)).IsRefused);
    }

    [Fact]
    public async Task Create_WhileFoldersAreRemoved_NeverFails()
    {
        using var store = new FileBlobStore(Root);
        var workers = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 50; round++)
            {
                Assert.False((await store.CreateAsync($"deep/er/{i}", default, Stop)).IsRefused);
                Assert.True(await store.DeleteAsync($"deep/er/{i}", Stop));
            }
        }));

        await Task.WhenAll(workers);

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Root, "objects")));
    }

    private void Make(string[] entries)
    {
        Directory.CreateDirectory(Root);
        foreach (var entry in entries)
        {
            if (entry.EndsWith('/'))
            {
                Directory.CreateDirectory(Path.Combine(Root, entry));
            }
            else
            {
                File.WriteAllText(Path.Combine(Root, entry), "somebody's");
            }
        }
    }

    private string[] Entries() => [.. Directory.GetFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static bool TryMountTmpfs(string path, string size = "1m") =>
        Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={size}", "swarm-test", path);

    private static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
