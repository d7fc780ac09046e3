using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>What is done in the background, and its effect on cost: merged runs, few objects, logs read once. Promises 1, 8 and 9.</summary>
public sealed class MaintenanceTests(ITestOutputHelper output)
{
    private readonly LoneStore _lone = new();

    [Fact]
    public void Compaction_ManySmallRuns_BecomeFewAndTheirSegmentsGo()
    {
        var writer = new ContextWriter(_lone, "c");
        writer.Write(13_000);
        _lone.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(20), _lone.Time); // Compacted, checkpointed, in a new log.
            return true;
        });
        writer.Write(50); // The log goes on; what came before is in the old one.
        _lone.Restart();
        writer.AssertIsAllThere(); // Opened: the dead silo's log is sealed.
        var before = _lone.Blobs.Objects.Count;
        var report = _lone.Run(() => _lone.Store.CollectAsync(default));
        output.WriteLine($"{before} objects; {report}; {writer.RunsRead} runs");

        Assert.Null(report.EndedEarly);
        Assert.InRange(writer.RunsRead, 1, 150);
        Assert.InRange(_lone.Blobs.Objects.Count, 1, before / 2);
        writer.AssertIsAllThere();
        _lone.Restart();
        writer.AssertIsAllThere();
    }

    /// <summary>Whoever erases a context names its epoch: a late request must never meet another context of that name.</summary>
    [Fact]
    public void Fork_UnderAnErasedName_GoesOnWithItsEpochs()
    {
        var (parent, erased) = (new ContextWriter(_lone, "parent"), new ContextWriter(_lone, "child"));
        parent.Write(100);
        erased.Write(20);
        erased.Rewind(10);
        erased.Rewind(5);
        var epoch = erased.Proof.Epoch;
        Assert.True(_lone.Run(async () => await _lone.Store.EraseAsync(ContextId.FromNames(LoneStore.Spec.Tenant, "child"), default)));

        Refusal(() => _lone.Store.ForkAsync(parent.Id, "child", 101, null, default));
        _lone.Run(async () => await _lone.Store.ForkAsync(parent.Id, "child", 50, null, default));

        var child = _lone.Run(async () => await _lone.Store.OpenAsync(ContextId.FromNames(LoneStore.Spec.Tenant, "child"), default));
        Assert.InRange(child!.Status.Epoch.Value, epoch.Value, 100UL);
        parent.ForkedAs("child", 50).AssertIsAllThere();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4_096)]
    [InlineData(8_190)]
    [InlineData(13_000)]
    public void Fork_ParentErasedAndCollected_HasAllOfItsPart(int position)
    {
        var parent = new ContextWriter(_lone, "parent");
        parent.Write(13_000);
        var forked = _lone.Run(async () => await _lone.Store.ForkAsync(parent.Id, "child", position, null, default));
        Assert.Equal(new Forked(true, position), forked);
        Assert.Equal(
            new Forked(false, position),
            _lone.Run(async () => await _lone.Store.ForkAsync(parent.Id, "child", position, null, default)));
        var child = parent.ForkedAs("child", position);
        child.AssertIsAllThere();

        Assert.True(_lone.Run(async () => await _lone.Store.EraseAsync(parent.Id, default)));
        Assert.False(_lone.Run(async () => await _lone.Store.EraseAsync(parent.Id, default)));
        _lone.Run(() => _lone.Store.CollectAsync(default));
        _lone.Run(() => _lone.Store.CollectAsync(default));
        _lone.Restart();

        Assert.Null(_lone.Run(async () => await _lone.Store.OpenAsync(parent.Id, default)));
        child.AssertIsAllThere();
        child.Write(1_000);
        child.AssertIsAllThere();
    }

    [Fact]
    public void Fork_WrongNameOrPosition_SaysWhy()
    {
        var parent = new ContextWriter(_lone, "parent");
        var other = new ContextWriter(_lone, "other");
        parent.Write(100);
        other.Write(10);

        Assert.Contains("101", Refusal(() => _lone.Store.ForkAsync(parent.Id, "child", 101, null, default)), StringComparison.Ordinal);
        Assert.Contains("other", Refusal(() => _lone.Store.ForkAsync(parent.Id, "other", 5, null, default)), StringComparison.Ordinal);
        Assert.Contains("itself", Refusal(() => _lone.Store.ForkAsync(parent.Id, "parent", 5, null, default)), StringComparison.Ordinal);
        var nobody = ContextId.FromNames(LoneStore.Spec.Tenant, "nobody");
        Assert.Contains("does not exist", Refusal(() => _lone.Store.ForkAsync(nobody, "child", null, null, default)), StringComparison.Ordinal);
        Assert.True(_lone.Run(async () => await _lone.Store.CreateAsync(LoneStore.Spec with { Name = "child" }, default))); // The name is free.
        parent.AssertIsAllThere();
        other.AssertIsAllThere();
    }

    [Fact]
    public void Erase_ThenCreate_StartsEmpty()
    {
        var first = new ContextWriter(_lone, "c");
        first.Write(500);
        Assert.True(_lone.Run(async () => await _lone.Store.EraseAsync(first.Id, default)));

        var second = new ContextWriter(_lone, "c");
        second.Write(20);
        second.AssertIsAllThere();
        _lone.Run(() => _lone.Store.CollectAsync(default));
        _lone.Restart();
        second.AssertIsAllThere();
    }

    [Fact]
    public void Erase_ThenCollect_LeavesNothingOfIt()
    {
        var kept = new ContextWriter(_lone, "kept");
        kept.Write(300);
        var gone = new ContextWriter(_lone, "gone");
        gone.Write(3_000);
        Assert.True(_lone.Run(async () => await _lone.Store.EraseAsync(gone.Id, default)));
        kept.Write(300); // On in the next log.

        for (var round = 0; round < 3; round++)
        {
            _lone.Run(() => _lone.Store.CollectAsync(default));
        }

        Assert.DoesNotContain(_lone.Blobs.Objects.Keys, name => name.Contains($"{gone.Id.Context}", StringComparison.Ordinal));
        kept.AssertIsAllThere();
        var again = new ContextWriter(_lone, "gone");
        again.Write(100);
        again.AssertIsAllThere();
    }

    [Fact]
    public void Open_ThousandContextsOfADeadSilo_ReadEachSegmentOnce()
    {
        const int count = 1_000;
        var writers = Enumerable.Range(0, count).Select(index => new ContextWriter(_lone, $"c{index}")).ToArray();
        foreach (var writer in writers)
        {
            writer.Write(3);
        }

        _lone.Restart();
        _lone.Blobs.Reads.Clear();
        _lone.Run(async () =>
        {
            foreach (var opening in writers.Select(writer => _lone.Store.OpenAsync(writer.Id, default).AsTask()).ToArray())
            {
                Assert.NotNull(await opening);
            }

            return true;
        });

        var indexes = _lone.Blobs.Reads.Where(item => item.Key.StartsWith("logindex/", StringComparison.Ordinal)).ToArray();
        Assert.All(indexes, item => Assert.True(item.Value <= 2, $"{item.Key} was read {item.Value} times"));
        var segments = _lone.Blobs.Reads.Where(item => item.Key.StartsWith("log/", StringComparison.Ordinal)).ToArray();
        output.WriteLine($"{segments.Length} segments and {indexes.Length} indexes of {count} contexts");
        Assert.True(segments.Length + indexes.Length > 15);
        Assert.All(segments, item => Assert.True(item.Value <= 2, $"{item.Key} was read {item.Value} times")); // A probe past the end, and what came.
        Assert.True(segments.Count(item => item.Value > 1) <= 8, "only what was read ahead at the end is read again");
        Array.ForEach(writers, writer => writer.AssertIsAllThere());
    }

    /// <summary>A root far behind its log costs a recovery few reads; indexes that are damaged or gone cost it reads, and nothing else.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("damaged")]
    [InlineData("gone")]
    public void Open_RootFarBehindItsLog_ReadsIndexesWhereTheyAre(string fault)
    {
        const int appends = 30 * LoneStore.IndexSegments;
        var lone = new LoneStore(checkpointSegments: 10_000, compactionRuns: 1024);
        var writer = new ContextWriter(lone, "c");
        for (var append = 0; append < appends; append++)
        {
            writer.Write(5); // A segment each: it waits for it.
        }

        var indexes = lone.Blobs.Objects.Keys.Where(name => name.StartsWith("logindex/", StringComparison.Ordinal)).ToArray();
        Assert.InRange(indexes.Length, 29, 100);
        var hurt = indexes[indexes.Length / 2];
        lone.Restart();
        if (fault == "damaged")
        {
            lone.Blobs.Corrupt(hurt, content => [.. content[..^1], (byte)(content[^1] ^ 4)]);
        }
        else if (fault == "gone")
        {
            lone.Blobs.Remove(hurt);
        }

        lone.Blobs.Reads.Clear();
        lone.Run(async () => await lone.Store.OpenAsync(writer.Id, default));

        int Read(string prefix) => lone.Blobs.Reads.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(item => item.Value);
        var (segments, reads) = (Read("log/"), Read("logindex/"));
        output.WriteLine($"{appends} appends, {indexes.Length} indexes; {segments} segments and {reads} indexes were read");
        Assert.InRange(segments, 1, (fault.Length > 0 ? 3 : 2) * LoneStore.IndexSegments);
        Assert.InRange(reads, indexes.Length, indexes.Length + 32);
        writer.AssertIsAllThere();
        lone.Restart();
        writer.AssertIsAllThere();
    }

    private string Refusal<T>(Func<ValueTask<T>> work) =>
        Assert.ThrowsAny<SwarmRefusedException>(() => _lone.Run(async () => await work())).Message;
}
