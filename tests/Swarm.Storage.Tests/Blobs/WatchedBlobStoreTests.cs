using Microsoft.Extensions.Time.Testing;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;
using Swarm.Testing;
using Swarm.Testing.Faults;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What is known of writes that fail.</summary>
public sealed class WatchedBlobStoreTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FileBlobStore _files;
    private readonly FaultBlobStore _faults;
    private readonly WatchedBlobStore _store;
    private int _names;

    public WatchedBlobStoreTests()
    {
        _files = new FileBlobStore(_folder.Combine("store"));
        _faults = new FaultBlobStore(_files);
        _store = new WatchedBlobStore(_faults, _time);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _files.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Failure_FromTheFirstFault_UntilAWriteAsLargeSucceeds()
    {
        await CreateAsync(100);
        Assert.Null(_store.Failure);

        await FailAsync(1000);
        _time.Advance(TimeSpan.FromSeconds(7));
        await FailAsync(10);

        Assert.Equal((TimeSpan.FromSeconds(7), 2, 1000), (_store.Failure!.Duration, _store.Failure.Faults, _store.Failure.Bytes));
        Assert.Contains("busy", _store.Failure.LastFault, StringComparison.Ordinal);
        await CreateAsync(999); // There may be room for this one alone.
        Assert.NotNull(_store.Failure);
        await CreateAsync(1000);
        Assert.Null(_store.Failure);
    }

    [Fact]
    public async Task Failure_RefusalsReadsAndDeletes_SayNothing()
    {
        await _store.CreateAsync("there", new(new byte[1000]), Stop);
        await FailAsync(1000);

        Assert.True((await _store.CreateAsync("there", new(new byte[1000]), Stop)).IsRefused);
        Assert.True((await _store.ReplaceAsync("there", new(new byte[1000]), "other", Stop)).IsRefused);
        await _store.ReadAsync("there", 0, new byte[1000], Stop);
        await _store.DeleteAsync("there", Stop);

        Assert.NotNull(_store.Failure);
    }

    [Fact]
    public async Task Failure_ReplaceFails_Counts()
    {
        var write = await _store.CreateAsync("root", new(new byte[10]), Stop);
        _faults.Next = (operation, _) => operation == BlobOperation.Replace ? BlobFault.LostAnswer : null;

        await Assert.ThrowsAsync<BlobStoreException>(() => _store.ReplaceAsync("root", new(new byte[10]), write.ETag!, Stop));

        Assert.Equal(1, _store.Failure!.Faults);
    }

    [Fact]
    public async Task Failure_DamagedObjectInTheWay_IsNotOfTheStore()
    {
        await _store.CreateAsync("log/x", new(new byte[10]), Stop);
        await File.WriteAllBytesAsync(_folder.Combine("store/objects/log/x+blob"), new byte[10], Stop);

        await Assert.ThrowsAsync<BlobStoreException>(() => _store.CreateAsync("log/x", new(new byte[10]), Stop));

        Assert.Null(_store.Failure);
    }

    [Fact]
    public async Task Failure_WriteWithoutAnswer_IsSeenWhileItLasts()
    {
        _faults.Next = (operation, _) => operation == BlobOperation.Create ? BlobFault.Hang : null;
        var hanging = _store.CreateAsync("a", default, Stop);
        await _faults.WaitForHangingAsync(1, Stop);
        _time.Advance(WatchedBlobStore.AnswerLimit);
        Assert.Null(_store.Failure);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("no answer for 31 s", _store.Failure!.LastFault, StringComparison.Ordinal);

        _faults.Release();
        await hanging;
        Assert.Null(_store.Failure);
    }

    private Task<BlobWrite> CreateAsync(int bytes) => _store.CreateAsync($"n/{_names++}", new(new byte[bytes]), Stop);

    private async Task FailAsync(int bytes)
    {
        _faults.Next = (_, _) => BlobFault.Busy;
        await Assert.ThrowsAsync<BlobStoreException>(() => CreateAsync(bytes));
        _faults.Next = null;
    }
}
