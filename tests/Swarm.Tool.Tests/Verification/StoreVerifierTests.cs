using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Tests.Support;
using Swarm.Tool.Verification;
using Xunit;

namespace Swarm.Tool.Tests.Verification;

/// <summary>What is damaged is named, with what it costs; what a silo finds when it opens the context agrees.</summary>
public sealed class StoreVerifierTests
{
    private const int Tokens = 9_000; // Two sealed input pages of 4,096.
    private const int Kv = 6_000; // 1,200 runs of 5: a sealed extent page of 1,024.
    private const int LargeRun = 300; // 9,600 bytes: a chunk of its own.

    private static readonly Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> Closed = new(() => CreateAsync(true));
    private static readonly Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> Abandoned = new(() => CreateAsync(false));
    private static readonly Lazy<Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)>> Indexed = new(() => CreateAsync(false, 90));

    [Fact]
    public async Task Verify_OpenClosedAndRewoundContexts_AreClean()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs);
        await using var open = await Writing.StartAsync(store, "t", "open");
        await WriteAsync(open);
        await using (var closed = await Writing.StartAsync(store, "t", "closed"))
        {
            await WriteAsync(closed);
        }

        await using var rewound = await Writing.StartAsync(store, "u", "rewound");
        await WriteAsync(rewound);
        await rewound.RewindAsync(4_100);
        await rewound.AddTokensAsync(2_000, salt: 1_000_000);
        await rewound.AddKvAsync(1_000, 5);

        var report = await SwarmCommand.VerifyAsync(blobs);

        Assert.Empty(report.Damage);
        Assert.True(report.IsClean);
        Assert.Equal((3, 2, 1), (report.Counts.Contexts, report.Counts.Tenants, report.Counts.Models));
        Assert.Equal(Tokens + LargeRun + Tokens + LargeRun + 6_100, report.Counts.Tokens);
        Assert.True(report.Counts.Chunks >= 2);
        Assert.True(report.Counts.KvBytes > 2 * Kv * 32, $"{report.Counts.KvBytes} bytes of KV were read");
        Assert.Equal(0, Assert.Single(report.Orphans!, orphans => orphans.Kind == "chunks").Objects);
        Assert.Equal((await SwarmCommand.VerifyAsync(blobs, isQuick: true)).Damage, []);
        Assert.Equal(1, (await SwarmCommand.VerifyAsync(blobs, tenant: "u")).Counts.Contexts);
    }

    [Theory]
    [InlineData("contexts/", "CannotOpen InputsLost")]
    [InlineData("tenants/", "CannotOpen")]
    [InlineData("models/", "CannotOpen")]
    [InlineData("first InputPage", "InputsLost")]
    [InlineData("last InputPage", "CannotOpen InputsLost")]
    [InlineData("first ExtentPage", "KvRecomputed")]
    [InlineData("last ExtentPage", "KvRecomputed")]
    [InlineData("StatePage", "CannotOpen StatesLost")]
    [InlineData("chunks/", "KvRecomputed")]
    public async Task Verify_ObjectCutOrGone_CostsWhatOpeningFinds(string what, string expected)
    {
        var (blobs, id, tokens) = await WrittenAsync(isClosed: true);
        var name = await FindAsync(blobs, id, what);
        foreach (var isGone in new[] { false, true })
        {
            if (isGone && what is "contexts/" or "tenants/")
            {
                continue; // Without a root there is no context; a tenant's record is made anew by whoever opens.
            }

            var damaged = blobs.Copy();
            damaged.Damage(name, bytes => bytes[..^1]);
            if (isGone)
            {
                damaged.Remove(name);
            }

            var report = await SwarmCommand.VerifyAsync(damaged);
            Assert.All(report.Damage, damage => Assert.Equal(name, damage.Object));
            var costs = report.Damage.SelectMany(damage => damage.Costs).Where(cost => cost.Kind != CostKind.Nothing).ToArray();
            Assert.Equal(expected, string.Join(' ', costs.Select(cost => cost.Kind).Distinct().OrderByDescending(kind => kind)));
            var found = await Reopened.FromAsync(damaged, id);
            var isReadable = costs.All(cost => cost.Kind is CostKind.KvRecomputed);
            Assert.Equal(isReadable, found.CanOpen);
            if (isReadable)
            {
                Assert.Equal(tokens, found.Tokens);
                Assert.Equal(Reopened.Ranges(costs), found.Damaged);
            }
        }
    }

    [Fact]
    public async Task Verify_TailSegmentDamaged_CannotBeOpenedAndInputsBehindAreLost()
    {
        var (blobs, id, _) = await WrittenAsync(isClosed: false);
        var name = blobs.Names.First(name => name.StartsWith("log/", StringComparison.Ordinal));
        blobs.Damage(name, bytes => Flipped(bytes, 8 * 70));

        var damage = Assert.Single((await SwarmCommand.VerifyAsync(blobs)).Damage);

        Assert.Equal(name, damage.Object);
        Assert.Equal([CostKind.CannotOpen, CostKind.InputsLost], damage.Costs.Select(cost => cost.Kind));
        Assert.All(damage.CostTexts.Skip(1), text => Assert.StartsWith("without a copy, ", text, StringComparison.Ordinal));
        Assert.Contains("move it away", damage.Remedy, StringComparison.Ordinal);
        Assert.False((await Reopened.FromAsync(blobs, id)).CanOpen);
        await blobs.DeleteAsync(name, TestContext.Current.CancellationToken); // As the remedy says.
        Assert.True((await Reopened.FromAsync(blobs, id)).CanOpen);
    }

    [Fact]
    public async Task Verify_HoleInALog_IsALossOfWhatWasAcknowledged()
    {
        var (blobs, id, _) = await WrittenAsync(isClosed: false);
        var log = blobs.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).ToArray();
        var lost = log.Where(name => SegmentCodec.Decode(blobs[name], blobs[name].Length).Records.Any(record => record is TokensRecord)).ElementAt(20);
        blobs.Remove(lost);

        var damage = Assert.Single((await SwarmCommand.VerifyAsync(blobs)).Damage, damage => damage.Object == lost);

        Assert.Contains("missing", damage.Problem, StringComparison.Ordinal);
        var cost = damage.Costs[0];
        Assert.Equal(CostKind.InputsLost, cost.Kind);
        Assert.Equal((await Reopened.FromAsync(blobs, id)).Tokens.Count, cost.First);

        // Whoever opened the context has gone on; the loss is told until somebody has looked into it.
        var later = await SwarmCommand.VerifyAsync(blobs);
        Assert.Equal([cost], Assert.Single(later.Damage, damage => damage.Object == lost).Costs);
        var note = Assert.Single(blobs.Names, name => name.StartsWith("damage/", StringComparison.Ordinal));
        Assert.Contains(later.Notes, text => text.Contains(note, StringComparison.Ordinal));
        blobs.Remove(note);
        Assert.DoesNotContain((await SwarmCommand.VerifyAsync(blobs)).Damage, damage => damage.Object == lost);
    }

    /// <summary>Inputs that go on without a gap show that the lost segment had none: KV alone is lost.</summary>
    [Fact]
    public async Task Verify_HoleInALogThatHadKvAlone_CostsKv()
    {
        var (blobs, id, tokens) = await WrittenAsync(isClosed: false);
        var log = blobs.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).ToArray();
        Segment Read(string name) => SegmentCodec.Decode(blobs[name], blobs[name].Length);
        var lastInputs = Array.FindLastIndex(log, name => Read(name).Records.Any(record => record is TokensRecord));
        var lost = log.Take(lastInputs).Last(name => Read(name).Records is { Count: > 0 } records && records.All(record => record is KvRecord));
        var first = Read(lost).Records.OfType<KvRecord>().First().Position;
        blobs.Remove(lost);

        var damage = Assert.Single((await SwarmCommand.VerifyAsync(blobs)).Damage, damage => damage.Object == lost);

        var cost = Assert.Single(damage.Costs);
        Assert.Equal((CostKind.KvRecomputed, first), (cost.Kind, cost.First));
        Assert.Equal(tokens, (await Reopened.FromAsync(blobs, id)).Tokens);
    }

    /// <summary>Puts overtake each other while one is repeated for long: what lies behind the first missing segment proves nothing.</summary>
    [Fact]
    public async Task Verify_ManySegmentsBehindOneThatNeverCame_IsNoLoss()
    {
        var (blobs, _, _) = await WrittenAsync(isClosed: false);
        var last = blobs.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).Select(name => SegmentCodec.Decode(blobs[name], blobs[name].Length)).Last();
        for (var number = last.Sequence + 2; number < last.Sequence + 40; number++)
        {
            var late = last with { Sequence = number, Records = [], Assured = last.Sequence + 1 };
            blobs.Add(BlobNames.Log(late.Writer, number), SegmentCodec.Encode(late, [], out _).FirstSpan.ToArray());
        }

        Assert.Empty((await SwarmCommand.VerifyAsync(blobs)).Damage);
    }

    [Fact]
    public async Task Verify_LogIndexDamaged_CostsTimeAlone()
    {
        var (blobs, id, tokens) = await Indexed.Value;
        blobs = blobs.Copy();
        Assert.Empty((await SwarmCommand.VerifyAsync(blobs)).Damage);
        var name = blobs.Names.Single(name => name.StartsWith("logindex/", StringComparison.Ordinal));
        blobs.Damage(name, bytes => Flipped(bytes, 8 * 3000));

        var damage = Assert.Single((await SwarmCommand.VerifyAsync(blobs)).Damage);

        Assert.Equal(name, damage.Object);
        Assert.Equal(CostKind.RecoverySlower, Assert.Single(damage.Costs).Kind);
        Assert.Equal(tokens, (await Reopened.FromAsync(blobs, id)).Tokens);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Verify_SegmentDamagedOrGoneThatAnIndexHolds_CostsAtMostItsKv(bool isGone)
    {
        var (blobs, id, tokens) = await Indexed.Value;
        blobs = blobs.Copy();
        var name = blobs.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).Take(100).Last(HasKv);
        blobs.Damage(name, bytes => Flipped(bytes, 8 * 70));
        if (isGone)
        {
            blobs.Remove(name);
        }

        var damage = Assert.Single((await SwarmCommand.VerifyAsync(blobs)).Damage);

        Assert.Equal(name, damage.Object);
        var cost = Assert.Single(damage.Costs);
        var found = await Reopened.FromAsync(blobs, id);
        Assert.Equal(isGone ? CostKind.KvRecomputed : CostKind.Nothing, cost.Kind);
        Assert.Equal(tokens, found.Tokens);
        Assert.Equal(isGone ? [(cost.First, cost.End!.Value)] : [], found.Damaged);

        bool HasKv(string name) =>
            SegmentCodec.Decode(blobs[name], blobs[name].Length).Records.Any(record => record is KvRecord);
    }

    [Fact]
    public async Task Verify_RootReplacedWhileItIsWalked_IsWalkedAgain()
    {
        var (before, id, _) = await WrittenAsync(isClosed: false);
        var after = before.Copy();
        Assert.True((await Reopened.FromAsync(after, id)).CanOpen); // Writes other pages, and another root.
        var gone = (await RootAsync(before, id)).InputPages.Concat((await RootAsync(before, id)).ExtentPages)
            .Select(page => BlobNames.Page(id, page.IncarnationId, page.PageId)).ToList();
        gone.AddRange(before.Names.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).Take(1));
        foreach (var name in gone.Except(await PagesAsync(after, id)).Except(await SegmentsAsync(after, id)))
        {
            after.Remove(name);
        }

        // The walk has read the root, and comes to what it refers to just when that was collected.
        var isChanged = false;
        before.Reading = name =>
        {
            if (!isChanged && (name.StartsWith("pages/", StringComparison.Ordinal) || name.StartsWith("log/", StringComparison.Ordinal)))
            {
                isChanged = true;
                before.Become(after);
            }
        };
        var report = await SwarmCommand.VerifyAsync(before);

        Assert.True(isChanged);
        Assert.Empty(report.Damage);
        Assert.Empty(report.Notes);
    }

    [Fact]
    public async Task Verify_BesideARunningSilo_ReportsNoDamage()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs, checkpointSegments: 2);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(index => Task.Run(() => StreamAsync(store, $"c{index}", stop.Token))).ToArray();
        var deadline = DateTime.UtcNow.AddSeconds(4);
        var (rounds, walked) = (0, 0L);
        while (DateTime.UtcNow < deadline)
        {
            var report = rounds == 0 ? null : await SwarmCommand.VerifyAsync(blobs);
            Assert.Empty(report?.Damage ?? []);
            walked = report?.Counts.Tokens ?? 0;
            rounds += rounds > 0 || blobs.Names.Length > 8 ? 1 : 0;
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.True(rounds > 3 && walked > 0, $"{rounds} rounds, {walked} positions");
        Assert.Empty((await SwarmCommand.VerifyAsync(blobs)).Damage);
    }

    [Fact]
    public async Task Verify_ObjectsThatNoRootRefersTo_AreCountedAndNoDamage()
    {
        var (blobs, id, _) = await WrittenAsync(isClosed: true);
        var clean = (await SwarmCommand.VerifyAsync(blobs)).Orphans!;
        var page = blobs.Names.First(name => name.StartsWith("pages/", StringComparison.Ordinal));
        var other = new Id128(1, 2);
        foreach (var name in new[] { BlobNames.Page(id, other, other), BlobNames.Chunk(id, other, other), BlobNames.Log(other, 0), BlobNames.LogIndex(other, 0) })
        {
            blobs.Add(name, blobs[page]);
        }

        var report = await SwarmCommand.VerifyAsync(blobs);

        Assert.Equal(
            clean.Select(one => one.Objects + 1),
            report.Orphans!.Select(one => one.Objects));
    }

    private static async Task StreamAsync(Storage.ContextStore store, string name, CancellationToken stop)
    {
        await using var writing = await Writing.StartAsync(store, "t", name);
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            await writing.AddTokensAsync(40, salt: round);
            await writing.AddKvAsync(40, 8);
            if (round % 7 == 6)
            {
                await writing.RewindAsync(writing.Tokens.Count - 33);
            }
        }
    }

    /// <summary>A closed context of many pages; or a short one whose silo died, so that all of it is in the log alone.</summary>
    private static async Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)> WrittenAsync(bool isClosed)
    {
        var (blobs, id, tokens) = await (isClosed ? Closed : Abandoned).Value;
        return (blobs.Copy(), id, tokens);
    }

    private static async Task<(MemoryBlobStore Blobs, ContextId Id, int[] Tokens)> CreateAsync(bool isClosed, int rounds = 40)
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs);
        var writing = await Writing.StartAsync(store, "t", "c");
        if (isClosed)
        {
            await WriteAsync(writing);
            await writing.DisposeAsync();
        }
        else
        {
            for (var more = 0; more < rounds; more++)
            {
                await writing.AddTokensAsync(9);
                await writing.AddKvAsync(5, 5);
            }
        }

        return (blobs.Copy(), writing.Id, [.. writing.Tokens]);
    }

    private static async Task WriteAsync(Writing writing)
    {
        await writing.AddTokensAsync(Tokens + LargeRun);
        await writing.AddKvAsync(Kv, 5);
        await writing.AddKvAsync(LargeRun, LargeRun);
    }

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return bytes;
    }

    private static async Task<string> FindAsync(MemoryBlobStore blobs, ContextId id, string what)
    {
        var root = await RootAsync(blobs, id);
        var page = what switch
        {
            "first InputPage" => root.InputPages[0],
            "last InputPage" => root.InputPages[^1],
            "first ExtentPage" => root.ExtentPages[0],
            "last ExtentPage" => root.ExtentPages[^1],
            "StatePage" => root.StatePage,
            _ => null,
        };
        return page is not null
            ? BlobNames.Page(id, page.IncarnationId, page.PageId)
            : blobs.Names.Single(name => name.StartsWith(what, StringComparison.Ordinal));
    }

    private static Task<ContextRoot> RootAsync(MemoryBlobStore blobs, ContextId id) =>
        Task.FromResult(ManifestCodec.DecodeRoot(blobs[BlobNames.Root(id)]));

    private static async Task<IEnumerable<string>> PagesAsync(MemoryBlobStore blobs, ContextId id)
    {
        var root = await RootAsync(blobs, id);
        return root.InputPages.Concat(root.ExtentPages).Select(page => BlobNames.Page(id, page.IncarnationId, page.PageId));
    }

    private static async Task<IEnumerable<string>> SegmentsAsync(MemoryBlobStore blobs, ContextId id)
    {
        var root = await RootAsync(blobs, id);
        return root.ExtentPages.SelectMany(page => ManifestCodec.DecodeExtents(blobs[BlobNames.Page(id, page.IncarnationId, page.PageId)]))
            .Select(extent => BlobNames.Of(id, extent.Payload.Object));
    }
}
