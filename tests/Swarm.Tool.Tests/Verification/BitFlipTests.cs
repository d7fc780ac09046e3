using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Testing;
using Swarm.Tool.Stores;
using Swarm.Tool.Tests.Support;
using Swarm.Tool.Verification;
using Xunit;

namespace Swarm.Tool.Tests.Verification;

/// <summary>Every single bit of an object of at least 4 KiB flipped, one at a time: always found, and no wrong byte read. Promise 3.</summary>
public sealed class BitFlipTests
{
    private const int MinBytes = 4 << 10;
    private const int Sample = 32;

    private static readonly Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> Large = new(() => CreateAsync(70_000, 6_000));
    private static readonly Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> Small = new(() => CreateAsync(1_500, 400));

    [Fact]
    public async Task Root_AnyBitFlipped_IsFound()
    {
        var (blobs, id, _) = await CopyAsync(Large);
        var reader = new StoreReader(blobs, TimeProvider.System);

        await SweepAsync(blobs, BlobNames.Root(id), async () => await IsCorruptAsync(() => reader.Roots.ReadAsync(id)));
    }

    [Theory]
    [InlineData(ObjectKind.InputPage)]
    [InlineData(ObjectKind.ExtentPage)]
    [InlineData(ObjectKind.StatePage)]
    public async Task Page_AnyBitFlipped_IsFound(ObjectKind kind)
    {
        var (blobs, id, _) = await CopyAsync(Large);
        var reader = new StoreReader(blobs, TimeProvider.System);
        var root = ManifestCodec.DecodeRoot(blobs[BlobNames.Root(id)]);
        var page = root.InputPages.Concat(root.ExtentPages).Append(root.StatePage!)
            .Where(page => page.Kind == kind && page.Length >= MinBytes).MinBy(page => page.Length)!;

        await SweepAsync(blobs, BlobNames.Page(id, page.IncarnationId, page.PageId), () => IsCorruptAsync(() => kind switch
        {
            ObjectKind.InputPage => reader.Pages.ReadInputsAsync(id, page),
            ObjectKind.ExtentPage => reader.Pages.ReadExtentsAsync(id, page),
            _ => reader.Pages.ReadStatesAsync(id, page),
        }));
    }

    [Fact]
    public async Task Segment_AnyBitFlipped_IsFound()
    {
        var (blobs, id, _) = await CopyAsync(Large);
        var reader = new StoreReader(blobs, TimeProvider.System);
        var walk = (await WalkAsync(reader, id))!;
        var (writer, sequence) = SmallestOf(blobs, walk, "log/", walk.ObjectOf) is { } name ? Inventory.ParseLog(name)!.Value : default;

        await SweepAsync(blobs, BlobNames.Log(writer, sequence), async () =>
        {
            var verdict = await new ObjectChecker(reader, _ => walk.Model, isQuick: false).SegmentAsync(writer, sequence);
            return verdict.Problem is not null || verdict.Payloads.Values.Any(problem => problem is not null);
        });
    }

    [Fact]
    public async Task LogIndex_AnyBitFlipped_IsFound()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs, indexSegments: 32);
        var writing = await Writing.StartAsync(store, "t", "c");
        while (!blobs.Names.Any(IsIndex))
        {
            await writing.AddTokensAsync(3);
        }

        var name = blobs.Names.Single(IsIndex);
        var (writer, first) = Inventory.ParseIndex(name)!.Value;
        var checker = new IndexChecker(new StoreReader(blobs, TimeProvider.System), isQuick: true);

        await SweepAsync(blobs, name, async () => await checker.CheckAsync(writer, first) is not null);

        static bool IsIndex(string name) => name.StartsWith(BlobNames.LogIndexesPrefix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chunk_AnyBitFlipped_IsFound()
    {
        var (blobs, id, _) = await CopyAsync(Large);
        var reader = new StoreReader(blobs, TimeProvider.System);
        var walk = (await WalkAsync(reader, id))!;
        var name = SmallestOf(blobs, walk, "chunks/", walk.ObjectOf);
        var extents = walk.Extents.Where(extent => walk.ObjectOf(extent) == name).ToArray();

        await SweepAsync(blobs, name, async () =>
        {
            var checker = new ObjectChecker(reader, _ => walk.Model, isQuick: false);
            var isFound = false;
            foreach (var extent in extents)
            {
                isFound |= await checker.CheckAsync(walk, extent) is not null;
            }

            return isFound || checker.Verdicts.Any(verdict => verdict.Problem is not null);
        });
    }

    [Fact]
    public async Task Store_BitsFlippedAnywhere_VerifyAgreesWithWhatASiloFindsAndNoByteIsWrong()
    {
        var seeded = new SeededTest();
        var (good, id, tokens) = await CopyAsync(Small);
        var needed = await NeededAsync(good, id);
        foreach (var name in good.Names)
        {
            for (var round = 0; round < Sample / 8; round++)
            {
                var bit = seeded.Random.Next(good[name].Length * 8);
                var blobs = good.Copy();
                Flip(blobs, name, bit);
                var report = await SwarmCommand.VerifyAsync(blobs);
                var where = $"{name}, bit {bit}, seed {seeded.Seed}";
                Assert.True(!needed.Contains(name) || report.Damage.Any(damage => damage.Object == name), where);

                var found = await Reopened.FromAsync(blobs, id);
                var costs = report.Damage.SelectMany(damage => damage.Costs).ToArray();
                Assert.Equal(
                    costs.All(cost => cost.Kind is CostKind.Nothing or CostKind.RecoverySlower or CostKind.KvRecomputed), found.CanOpen);
                if (found.CanOpen)
                {
                    Assert.Equal(tokens, found.Tokens);
                    var recomputed = costs.Where(cost => cost.Kind == CostKind.KvRecomputed);
                    Assert.True(Reopened.Ranges(recomputed).SequenceEqual(found.Damaged), $"{where}: silo and verify do not agree on KV");
                }
            }
        }
    }

    [Fact]
    public async Task Command_BitsFlippedInTheFilesOfAStore_FindsEachAndChangesNothing()
    {
        var seeded = new SeededTest();
        var (good, id, _) = await CopyAsync(Small);
        using var folder = new TempDirectory();
        await StoreFolder.WriteAsync(good, folder.Path);
        var root = ManifestCodec.DecodeRoot(good[BlobNames.Root(id)]);
        string[] names =
        [
            BlobNames.Root(id),
            BlobNames.Page(id, root.InputPages[0].IncarnationId, root.InputPages[0].PageId),
            BlobNames.Page(id, root.ExtentPages[0].IncarnationId, root.ExtentPages[0].PageId),
            good.Names.First(name => name.StartsWith("chunks/", StringComparison.Ordinal)),
        ];
        Assert.Equal(0, (await SwarmCommand.RunAsync("verify", "--store", folder.Path)).Code);
        foreach (var name in names)
        {
            for (var round = 0; round < Sample; round++)
            {
                var bit = seeded.Random.Next(good[name].Length * 8);
                StoreFolder.Flip(folder.Path, name, bit);
                var before = StoreFolder.Snapshot(folder.Path);

                var (code, json) = await SwarmCommand.JsonAsync("verify", "--store", folder.Path);

                Assert.True(code == 1 && json.ToJsonString().Contains(name, StringComparison.Ordinal), $"{name}, bit {bit}, seed {seeded.Seed}");
                Assert.Equal(before, StoreFolder.Snapshot(folder.Path));
                StoreFolder.Flip(folder.Path, name, bit);
            }
        }

        Assert.Equal(0, (await SwarmCommand.RunAsync("verify", "--store", folder.Path)).Code);
    }

    private static async Task SweepAsync(MemoryBlobStore blobs, string name, Func<Task<bool>> isFoundAsync)
    {
        var bits = blobs[name].Length * 8;
        Assert.True(bits >= MinBytes * 8, $"{name} has {bits / 8} bytes");
        Assert.False(await isFoundAsync(), "the undamaged object is taken for damaged");
        var missed = new List<int>();
        for (var bit = 0; bit < bits; bit++)
        {
            Flip(blobs, name, bit);
            if (!await isFoundAsync())
            {
                missed.Add(bit);
            }

            Flip(blobs, name, bit);
        }

        Assert.Empty(missed);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {bits} bits flipped, all found");
    }

    private static async Task<bool> IsCorruptAsync(Func<Task> read)
    {
        try
        {
            await read();
            return false;
        }
        catch (CorruptObjectException)
        {
            return true;
        }
    }

    private static void Flip(MemoryBlobStore blobs, string name, int bit) => blobs[name][bit / 8] ^= (byte)(1 << (bit % 8));

    private static string SmallestOf(MemoryBlobStore blobs, ContextWalk walk, string prefix, Func<KvExtent, string> objectOf) => walk.Extents
        .Select(objectOf)
        .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && blobs[name].Length >= MinBytes)
        .MinBy(name => blobs[name].Length)!;

    private static async Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)> CopyAsync(
        Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> written)
    {
        var (blobs, id, tokens) = await written.Value;
        return (blobs.Copy(), id, tokens);
    }

    /// <summary>Objects that are no orphans.</summary>
    private static async Task<HashSet<string>> NeededAsync(MemoryBlobStore blobs, ContextId id)
    {
        var walk = (await WalkAsync(new StoreReader(blobs, TimeProvider.System), id))!;
        return
        [
            .. walk.Needed,
            .. walk.Extents.Select(walk.ObjectOf),
            .. blobs.Names.Where(name => name.Split('/')[0] is "contexts" or "tenants" or "models"),
        ];
    }

    private static Task<ContextWalk?> WalkAsync(StoreReader reader, ContextId id) =>
        new ContextWalker(reader, new TailFolder(new SegmentCache(reader), reader.Holes)).WalkAsync(id);

    /// <summary>A closed context; with 70,000 inputs, its root has so many pages that it is over 4 KiB.</summary>
    private static async Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)> CreateAsync(int tokens, int kv)
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs);
        var writing = await Writing.StartAsync(store, "t", "c", blockTokens: 1);
        await writing.AddStatesAsync(8);
        await writing.AddTokensAsync(tokens - 1);
        await writing.AddKvAsync(kv, 5);
        await writing.AddKvAsync(280, 140); // 4,736 bytes each: chunks.
        await writing.AddKvAsync(200, 100); // 3,456 bytes each, two of them: a segment.
        await writing.AddKvAsync(200, 100);
        await writing.DisposeAsync();
        return (blobs.Copy(), writing.Id, [.. writing.Tokens]);
    }
}
