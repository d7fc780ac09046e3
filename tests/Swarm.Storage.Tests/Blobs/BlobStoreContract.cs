using System.Buffers;
using Swarm.Storage.Blobs;
using Swarm.Testing;
using Swarm.Testing.Blobs;
using Xunit;

namespace Swarm.Storage.Tests.Blobs;

/// <summary>What every blob store promises; each implementation runs it all.</summary>
public abstract class BlobStoreContract
{
    private const int Racers = 16;

    /// <summary>An empty store.</summary>
    protected abstract IBlobStore Store { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Create_NewName_IsReadBackWithItsETag()
    {
        var content = new SeededTest().Bytes(100_000);

        var write = await Store.CreateAsync("log/w/0001", new(content), Stop);

        var (bytes, read) = await ReadAllAsync("log/w/0001");
        Assert.False(write.IsRefused);
        Assert.Equal(content, bytes);
        Assert.Equal(write.ETag, read.ETag);
    }

    [Fact]
    public async Task Create_ManySegments_AreOneObject()
    {
        var content = new SeededTest().Bytes(70_000);
        var sequence = VersionedContent.Split(content, 7, 0, 4096, 1, 50_000, 0);

        await Store.CreateAsync("a", sequence, Stop);

        Assert.Equal(content, (await ReadAllAsync("a")).Bytes);
    }

    [Fact]
    public async Task Create_NameThatExists_IsRefusedAndChangesNothing()
    {
        var first = await Store.CreateAsync("a/b", new("first"u8.ToArray()), Stop);

        var second = await Store.CreateAsync("a/b", new("second"u8.ToArray()), Stop);

        var (bytes, read) = await ReadAllAsync("a/b");
        Assert.True(second.IsRefused);
        Assert.Equal("first"u8.ToArray(), bytes);
        Assert.Equal(first.ETag, read.ETag);
    }

    [Fact]
    public async Task Create_EmptyContent_IsAnObjectOfLengthZero()
    {
        var write = await Store.CreateAsync("empty", default, Stop);

        var read = await Store.ReadAsync("empty", 0, new byte[10], Stop);
        Assert.Equal(new BlobRead(0, 0, write.ETag), read);
        Assert.Equal([new BlobItem("empty", 0)], await ListAsync(""));
    }

    [Fact]
    public async Task Create_SixteenMebibytes_IsReadInRanges()
    {
        var seeded = new SeededTest();
        var content = seeded.Bytes(16 << 20);
        await Store.CreateAsync("chunks/big", VersionedContent.Split(content, 5 << 20, 9 << 20, 2 << 20), Stop);

        var whole = await ReadAllAsync("chunks/big");
        Assert.True(content.AsSpan().SequenceEqual(whole.Bytes), "the whole differs");
        for (var i = 0; i < 20; i++)
        {
            var offset = seeded.Random.Next(content.Length);
            var buffer = new byte[seeded.Random.Next(1, 1 << 20)];
            var read = await Store.ReadAsync("chunks/big", offset, buffer, Stop);
            Assert.Equal(Math.Min(buffer.Length, content.Length - offset), read.Count);
            Assert.True(content.AsSpan(offset, read.Count).SequenceEqual(buffer.AsSpan(0, read.Count)), $"at {offset}");
        }
    }

    [Fact]
    public async Task Create_NameAndNameBelowIt_LiveSideBySide()
    {
        await Store.CreateAsync("a", new("1"u8.ToArray()), Stop);
        await Store.CreateAsync("a/b", new("2"u8.ToArray()), Stop);
        await Store.CreateAsync("a/b/c", new("3"u8.ToArray()), Stop);

        Assert.Equal("1"u8.ToArray(), (await ReadAllAsync("a")).Bytes);
        Assert.Equal("2"u8.ToArray(), (await ReadAllAsync("a/b")).Bytes);
        Assert.Equal("3"u8.ToArray(), (await ReadAllAsync("a/b/c")).Bytes);
    }

    [Fact]
    public async Task Create_InParallel_ExactlyOneWins()
    {
        for (var round = 0; round < 5; round++)
        {
            var name = $"race/{round}";
            var writes = await RaceAsync(i => Store.CreateAsync(name, Content(i), Stop));

            var winner = Assert.Single(Enumerable.Range(0, Racers), i => !writes[i].IsRefused);
            var (bytes, read) = await ReadAllAsync(name);
            Assert.Equal(writes[winner].ETag, read.ETag);
            Assert.Equal(Content(winner).ToArray(), bytes);
        }
    }

    [Fact]
    public async Task Replace_ExpectedETag_SwapsTheObject()
    {
        var first = await Store.CreateAsync("contexts/t/c", new("one"u8.ToArray()), Stop);

        var second = await Store.ReplaceAsync("contexts/t/c", new("twoo"u8.ToArray()), first.ETag!, Stop);

        var (bytes, read) = await ReadAllAsync("contexts/t/c");
        Assert.False(second.IsRefused);
        Assert.Equal("twoo"u8.ToArray(), bytes);
        Assert.Equal(second.ETag, read.ETag);
    }

    [Fact]
    public async Task Replace_OldETag_IsRefusedAndChangesNothing()
    {
        var first = await Store.CreateAsync("r", new("A"u8.ToArray()), Stop);
        var second = await Store.ReplaceAsync("r", new("B"u8.ToArray()), first.ETag!, Stop);

        var stale = await Store.ReplaceAsync("r", new("C"u8.ToArray()), first.ETag!, Stop);

        Assert.True(stale.IsRefused);
        Assert.Equal(second.ETag, (await ReadAllAsync("r")).Read.ETag);
    }

    [Fact]
    public async Task Replace_MissingObject_IsRefused()
    {
        var first = await Store.CreateAsync("gone/a", new("A"u8.ToArray()), Stop);
        await Store.DeleteAsync("gone/a", Stop);

        Assert.True((await Store.ReplaceAsync("gone/a", new("B"u8.ToArray()), first.ETag!, Stop)).IsRefused);
        Assert.True((await Store.ReadAsync("gone/a", 0, new byte[1], Stop)).IsMissing);
    }

    [Fact]
    public async Task Replace_InParallelFromOneETag_ExactlyOneWins()
    {
        var etag = (await Store.CreateAsync("root", Content(99), Stop)).ETag!;
        for (var round = 0; round < 5; round++)
        {
            var from = etag;
            var writes = await RaceAsync(i => Store.ReplaceAsync("root", Content(i), from, Stop));

            var winner = Assert.Single(Enumerable.Range(0, Racers), i => !writes[i].IsRefused);
            etag = writes[winner].ETag!;
            var (bytes, read) = await ReadAllAsync("root");
            Assert.Equal(etag, read.ETag);
            Assert.Equal(Content(winner).ToArray(), bytes);
        }
    }

    [Fact]
    public async Task ETag_SameContentAgain_IsNeverTheSame()
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < 10; i++)
        {
            var etag = (await Store.CreateAsync("x", Content(1), Stop)).ETag!;
            Assert.True(seen.Add(etag), "create gave an old ETag");
            foreach (var content in (int[])[2, 1, 1])
            {
                etag = (await Store.ReplaceAsync("x", Content(content), etag, Stop)).ETag!;
                Assert.True(seen.Add(etag), "replace gave an old ETag");
            }

            Assert.True(await Store.DeleteAsync("x", Stop));
        }
    }

    [Fact]
    public async Task Read_DuringReplaces_SeesWholeVersionsWithTheirETag()
    {
        const int Versions = 60;
        var etag = (await Store.CreateAsync("v", VersionedContent.Version(0), Stop)).ETag!;
        var versions = new System.Collections.Concurrent.ConcurrentDictionary<string, int> { [etag] = 0 };
        var seen = new System.Collections.Concurrent.ConcurrentBag<(string ETag, int Version)>();
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var buffer = new byte[VersionedContent.MaxVersionBytes];
            do
            {
                var read = await Store.ReadAsync("v", 0, buffer, Stop);
                seen.Add((read.ETag!, VersionedContent.VersionOf(buffer.AsSpan(0, read.Count), read.Length)));
            }
            while (!done.IsCancellationRequested);
        })).ToArray();

        for (var version = 1; version <= Versions; version++)
        {
            etag = (await Store.ReplaceAsync("v", VersionedContent.Version(version), etag, Stop)).ETag!;
            versions[etag] = version;
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.All(seen, one => Assert.Equal(one.Version, versions[one.ETag]));
    }

    [Theory]
    [InlineData(0, 10, 10)]
    [InlineData(0, 11, 10)]
    [InlineData(0, 0, 0)]
    [InlineData(3, 4, 4)]
    [InlineData(9, 1, 1)]
    [InlineData(9, 5, 1)]
    [InlineData(10, 5, 0)]
    [InlineData(11, 5, 0)]
    [InlineData(long.MaxValue - 100, 5, 0)]
    public async Task Read_Range_GivesWhatIsThere(long offset, int room, int expected)
    {
        var content = "0123456789"u8.ToArray();
        var write = await Store.CreateAsync("ten", new(content), Stop);
        var buffer = new byte[room + 1];
        buffer.AsSpan().Fill(0xEE);

        var read = await Store.ReadAsync("ten", offset, buffer.AsMemory(0, room), Stop);

        Assert.Equal(new BlobRead(expected, 10, write.ETag), read);
        Assert.Equal(content.Skip((int)Math.Min(offset, 10)).Take(expected), buffer.Take(expected));
        Assert.All(buffer.Skip(expected), rest => Assert.Equal(0xEE, rest));
    }

    [Fact]
    public async Task Read_MissingObject_IsMissing()
    {
        Assert.True((await Store.ReadAsync("no/such", 0, new byte[4], Stop)).IsMissing);
        Assert.True((await Store.ReadAsync("no", 0, Memory<byte>.Empty, Stop)).IsMissing);
    }

    [Fact]
    public async Task Delete_Object_IsGoneOnce()
    {
        await Store.CreateAsync("d/e/f", Content(1), Stop);

        Assert.True(await Store.DeleteAsync("d/e/f", Stop));
        Assert.False(await Store.DeleteAsync("d/e/f", Stop));
        Assert.False(await Store.DeleteAsync("never/was", Stop));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Delete_ExpectedETag_TakesThatObjectAlone()
    {
        var first = (await Store.CreateAsync("d/e/f", Content(1), Stop)).ETag!;
        var second = (await Store.ReplaceAsync("d/e/f", Content(2), first, Stop)).ETag!;

        Assert.False(await Store.DeleteAsync("d/e/f", first, Stop));
        Assert.False((await Store.ReadAsync("d/e/f", 0, new byte[1], Stop)).IsMissing);
        Assert.True(await Store.DeleteAsync("d/e/f", second, Stop));
        Assert.False(await Store.DeleteAsync("d/e/f", second, Stop));
        Assert.False(await Store.DeleteAsync("never/was", second, Stop));
        Assert.True((await Store.ReadAsync("d/e/f", 0, new byte[1], Stop)).IsMissing);

        await Store.CreateAsync("d/e/f", Content(1), Stop); // The same bytes as once before.
        Assert.False(await Store.DeleteAsync("d/e/f", first, Stop));
    }

    [Fact]
    public async Task Delete_ExpectedETagInParallelWithReplace_OneOfThemHappens()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"dx/{round}";
            var first = (await Store.CreateAsync(name, Content(0), Stop)).ETag!;

            var replace = Store.ReplaceAsync(name, Content(1), first, Stop);
            var delete = Store.DeleteAsync(name, first, Stop);

            Assert.Equal((await replace).IsRefused, await delete);
            Assert.Equal(await delete, (await Store.ReadAsync(name, 0, new byte[1], Stop)).IsMissing);
        }
    }

    [Fact]
    public async Task Delete_InParallelWithReplace_OneOfThemIsLast()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"dr/{round}";
            var first = (await Store.CreateAsync(name, Content(0), Stop)).ETag!;

            var replace = Store.ReplaceAsync(name, Content(1), first, Stop);
            var delete = Store.DeleteAsync(name, Stop);

            await replace;
            Assert.True(await delete);
            Assert.True((await Store.ReadAsync(name, 0, new byte[1], Stop)).IsMissing, "it came back");
        }
    }

    [Fact]
    public async Task List_Prefixes_AreTextAndInOrdinalOrder()
    {
        string[] names =
        [
            "a", "a-b", "a.b", "a/b", "a/b-c", "a/b/c", "a/b0", "a0", "ab/c", "b", "log/0a/0001", "log/0a/0002",
            "log/0b/0001", "log-x",
        ];
        foreach (var name in names.Reverse())
        {
            await Store.CreateAsync(name, new(new byte[name.Length]), Stop);
        }

        foreach (var prefix in (string[])["", "a", "a/", "a/b", "a/b/", "a-", "log/", "log/0a/000", "log", "zzz", "no/x/"])
        {
            var expected = names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => new BlobItem(name, name.Length));
            Assert.Equal(expected, await ListAsync(prefix));
        }
    }

    [Fact]
    public async Task List_DuringChanges_HasAllThatStayed()
    {
        var stay = Enumerable.Range(0, 100).Select(i => $"l/{i % 7}/stay{i:d3}").ToArray();
        var etags = new Dictionary<string, string>();
        foreach (var name in stay)
        {
            etags[name] = (await Store.CreateAsync(name, Content(1), Stop)).ETag!;
        }

        using var done = new CancellationTokenSource();
        var changes = Task.Run(async () =>
        {
            for (var i = 0; !done.IsCancellationRequested; i++)
            {
                var name = stay[i % stay.Length];
                etags[name] = (await Store.ReplaceAsync(name, Content(i), etags[name], Stop)).ETag!;
                await Store.CreateAsync($"l/{i % 7}/new{i}", Content(1), Stop);
                await Store.DeleteAsync($"l/{(i + 3) % 7}/new{i - 4}", Stop);
            }
        }, Stop);
        for (var i = 0; i < 10; i++)
        {
            var listed = (await ListAsync("l/")).Select(item => item.Name).ToArray();
            Assert.Equal(listed.Order(StringComparer.Ordinal), listed);
            Assert.Empty(stay.Except(listed));
        }

        await done.CancelAsync();
        await changes;
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("A")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a+blob")]
    [InlineData("é")]
    public async Task Name_AgainstTheRules_Throws(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateAsync(name, Content(1), Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReplaceAsync(name, Content(1), "e", Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReadAsync(name, 0, new byte[1], Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(name, Stop));
    }

    [Fact]
    public async Task Name_AtItsLimits_Works()
    {
        var part = new string('x', BlobNameRules.MaxPartLength);
        var longest = $"{part}/{part}/{new string('y', BlobNameRules.MaxLength - (2 * part.Length) - 2)}";

        await Store.CreateAsync(longest, Content(1), Stop);

        Assert.Equal([longest], (await ListAsync(part)).Select(item => item.Name));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateAsync(longest + "y", Content(1), Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateAsync(part + "x", Content(1), Stop));
    }

    [Fact]
    public async Task AnyCall_CancelledBefore_ThrowsWithoutEffect()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Store.CreateAsync("kept", Content(1), Stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CreateAsync("c", Content(1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.ReadAsync("kept", 0, new byte[1], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync("kept", cancelled));

        Assert.Equal(["kept"], (await ListAsync("")).Select(item => item.Name));
    }

    [Fact]
    public async Task Create_CancelledUnderWay_IsWholeOrNotThere()
    {
        var content = new SeededTest().Bytes(4 << 20);
        for (var i = 0; i < 8; i++)
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(i));
            try
            {
                await Store.CreateAsync($"c/{i}", new(content), cancel.Token);
            }
            catch (OperationCanceledException)
            {
                // It may have taken effect, or not.
            }

            // In one read: what was cancelled may still come between two.
            var bytes = new byte[content.Length];
            var read = await Store.ReadAsync($"c/{i}", 0, bytes, Stop);
            Assert.True(
                read.IsMissing || (read.Length == content.Length && content.AsSpan().SequenceEqual(bytes)), $"{read.Count} of {read.Length} bytes are there");
        }
    }

    /// <summary>Reads an object whole.</summary>
    protected async Task<(byte[] Bytes, BlobRead Read)> ReadAllAsync(string name)
    {
        var length = (await Store.ReadAsync(name, 0, Memory<byte>.Empty, Stop)).Length;
        var bytes = new byte[length];
        return (bytes, await Store.ReadAsync(name, 0, bytes, Stop));
    }

    /// <summary>Lists into an array.</summary>
    protected async Task<BlobItem[]> ListAsync(string prefix)
    {
        var items = new List<BlobItem>();
        await foreach (var item in Store.ListAsync(prefix, Stop))
        {
            items.Add(item);
        }

        return [.. items];
    }

    private static ReadOnlySequence<byte> Content(int racer) => new(BitConverter.GetBytes(racer));

    private static async Task<T[]> RaceAsync<T>(Func<int, Task<T>> call)
    {
        using var start = new SemaphoreSlim(0);
        var racers = Enumerable.Range(0, Racers).Select(i => Task.Run(async () =>
        {
            await start.WaitAsync(Stop);
            return await call(i);
        })).ToArray();
        start.Release(Racers);
        return await Task.WhenAll(racers);
    }
}
