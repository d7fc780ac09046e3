using System.Buffers;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>
/// Segments that were durable go missing from a dead silo's log: whoever opens its contexts is told, nothing else is lost, and what
/// lies behind stays until somebody has looked into it. Promises 1 and 3.
/// </summary>
public sealed class LostSegmentTests
{
    private const int Rounds = 40;

    private readonly SeededTest _seeded = new();

    /// <summary>Whatever is lost: contexts have a prefix of what was acknowledged, and one that has less is told so for certain.</summary>
    [Fact]
    public void Open_SegmentsLost_ContextsKnowAndNothingElseIsLost()
    {
        var (told, spared, indexed) = (0, 0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var lone = new LoneStore(checkpointSegments: 1000);
            ContextWriter[] writers = [.. Enumerable.Range(0, 3).Select(index => new ContextWriter(lone, $"c{index}"))];
            for (var turns = _seeded.Random.Next(6, 30); turns > 0; turns--)
            {
                writers[_seeded.Random.Next(writers.Length)].Write(1 + _seeded.Random.Next(8));
            }

            var log = Segments(lone);
            var lost = Enumerable.Range(0, 1 + _seeded.Random.Next(3)).Select(_ => log[_seeded.Random.Next(log.Length)]).Distinct().ToArray();
            Array.ForEach(lost, segment => lone.Blobs.Remove(Name(segment)));
            var isIndexed = lone.Blobs.Objects.Keys.Any(name => name.StartsWith(BlobNames.LogIndexesPrefix, StringComparison.Ordinal));
            lone.Restart();

            var anyTold = false;
            foreach (var writer in writers.Where(writer => writer.Tokens.Count > 0))
            {
                var context = lone.Run(writer.OpenAsync);
                var (tokens, _) = lone.Run(writer.ReadAsync);
                Assert.Equal(writer.Tokens.Take(tokens.Count), tokens);
                var loss = context.Status.Loss;
                if (tokens.Count < writer.Tokens.Count && !lost.Any(segment => IsUnknowable(lone, segment)))
                {
                    Assert.True(loss is not null, $"{writer.Tokens.Count - tokens.Count} tokens are lost, and nobody is told");
                }

                if (loss is not null)
                {
                    anyTold = true;
                    Assert.True(tokens.Count < writer.Tokens.Count || !loss.IsCertain, "nothing is lost, though it is said for certain");
                    Assert.Equal(tokens.Count, loss.Kept);
                    Assert.InRange(loss.Known, loss.Kept, writer.Tokens.Count);
                    Assert.Contains(BlobNames.Damage(loss.Writer, loss.Sequence), lone.Blobs.Objects.Keys);
                }

                spared += tokens.Count == writer.Tokens.Count ? 1 : 0;
            }

            told += anyTold ? 1 : 0;
            indexed += isIndexed && !anyTold ? 1 : 0;
        }

        Assert.True(told > Rounds / 3 && spared > Rounds / 3 && indexed > 0, $"told {told}, spared {spared}, indexed {indexed}: too few");
    }

    [Fact]
    public void Open_SegmentLost_KeepsWhatLiesBehindUntilTheNoteIsDeleted()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var writer = new ContextWriter(lone, "c");
        for (var turn = 0; turn < 7; turn++)
        {
            writer.Write(3);
        }

        var log = Segments(lone);
        var lost = log[log.Length / 2];
        string[] behind = [.. log.Where(segment => segment.Sequence > lost.Sequence).Select(Name)];
        lone.Blobs.Remove(Name(lost));
        lone.Restart();

        var loss = lone.Run(writer.OpenAsync).Status.Loss;
        writer.Close(); // No tail needs the old log any more.
        lone.Run(() => lone.Store.CollectAsync(default));
        lone.Run(() => lone.Store.CollectAsync(default));

        Assert.Equal((lost.Writer, lost.Sequence), (loss!.Writer, loss.Sequence));
        Assert.All(behind, name => Assert.Contains(name, lone.Blobs.Objects.Keys));
        var note = LogDamageCodec.Decode(lone.Blobs.Objects[BlobNames.Damage(lost.Writer, lost.Sequence)].Content);
        Assert.Equal((lost.Writer, lost.Sequence, behind.Length + 1), (note.Writer, note.Sequence, (int)note.Behind)); // With the seal.

        lone.Restart();
        Assert.Equal(loss, lone.Run(writer.OpenAsync).Status.Loss); // Also told to whoever comes later.
        writer.Close();
        lone.Blobs.Remove(BlobNames.Damage(lost.Writer, lost.Sequence));

        Assert.Null(lone.Run(writer.OpenAsync).Status.Loss);
        lone.Run(() => lone.Store.CollectAsync(default));
        Assert.All(behind, name => Assert.DoesNotContain(name, lone.Blobs.Objects.Keys));
    }

    /// <summary>A fork reads its parent without owning it: what it begins with is no less doubtful.</summary>
    [Fact]
    public void Fork_SegmentOfTheParentLost_ForkKnows()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var writer = new ContextWriter(lone, "c");
        for (var turn = 0; turn < 5; turn++)
        {
            writer.Write(4);
        }

        var lost = Segments(lone).First(segment => segment.Records.OfType<TokensRecord>().Any(record => record.Position > 0));
        lone.Blobs.Remove(Name(lost));
        lone.Restart();

        var forked = lone.Run(async () => await lone.Store.ForkAsync(writer.Id, "child", null, null, default));

        var child = lone.Run(writer.ForkedAs("child", (int)forked.Position).OpenAsync);
        Assert.InRange(forked.Position, 1, writer.Tokens.Count - 1);
        Assert.Equal(lost.Sequence, child.Status.Loss!.Sequence);
        Assert.True(child.Status.Loss.IsCertain);
    }

    /// <summary>The process crashed while several puts were under way, and the first of them never came: that is no loss.</summary>
    [Fact]
    public void Open_FirstPutUnderWayNeverCame_IsNoLoss()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var writer = new ContextWriter(lone, "c");
        writer.Write(20);
        var last = Segments(lone)[^1];
        lone.Blobs.Put(
            BlobNames.Log(last.Writer, last.Sequence + 2),
            SegmentCodec.Encode(last with { Sequence = last.Sequence + 2, Assured = last.Sequence + 1, Records = [] }, [], out _).FirstSpan.ToArray());
        lone.Restart();

        Assert.Null(lone.Run(writer.OpenAsync).Status.Loss);
        writer.AssertIsAllThere();
        Assert.DoesNotContain(lone.Blobs.Objects.Keys, name => name.StartsWith(BlobNames.DamagePrefix, StringComparison.Ordinal));
    }

    /// <summary>Of the last segment nothing tells but an index that begins with it, as of a build that makes them of another size.</summary>
    [Fact]
    public void Open_LastSegmentLostButItsIndexIsThere_ContextKnows()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var writer = new ContextWriter(lone, "c");
        writer.Write(20);
        var last = Segments(lone)[^1];
        Assert.NotEqual(0UL, last.Sequence % LoneStore.IndexSegments);
        var content = lone.Blobs.Objects[Name(last)].Content;
        lone.Blobs.Put(
            BlobNames.LogIndex(last.Writer, last.Sequence),
            LogIndexCodec.Encode(last.Writer, last.Sequence, [content.AsMemory(0, SegmentCodec.IndexEnd(content))]).ToArray());
        lone.Blobs.Remove(Name(last));
        lone.Restart();

        Assert.Equal(last.Sequence, lone.Run(writer.OpenAsync).Status.Loss?.Sequence);
    }

    /// <summary>A root that was sent before its writer's log was sealed may come once the log is collected: it needs nothing of it.</summary>
    [Fact]
    public void Open_RootThatCameLateNamesACollectedSegment_IsNoLoss()
    {
        var lone = new LoneStore(checkpointSegments: 1000);
        var (writer, late) = (new ContextWriter(lone, "c"), new ContextWriter(lone, "late"));
        writer.Write(20);
        late.Write(1);
        late.Close();
        var (first, etag) = (Segments(lone)[0], lone.Blobs.Objects[BlobNames.Root(late.Id)].ETag);
        lone.Restart();
        writer.AssertIsAllThere();
        writer.Close();
        lone.Run(() => lone.Store.CollectAsync(default));
        Assert.DoesNotContain(Name(first), lone.Blobs.Objects.Keys);
        var root = ManifestCodec.DecodeRoot(lone.Blobs.Objects[BlobNames.Root(late.Id)].Content) with
        {
            Tails = [new LogPosition(first.Writer, first.Sequence)],
            IncarnationId = first.Nonce,
        };
        lone.Blobs.Put(BlobNames.Root(late.Id), ManifestCodec.EncodeRoot(root), etag + " late");
        lone.Restart(); // Whoever opens it has not read that log before.

        Assert.Null(lone.Run(late.OpenAsync).Status.Loss);
        late.AssertIsAllThere();
        Assert.DoesNotContain(lone.Blobs.Objects.Keys, name => name.StartsWith(BlobNames.DamagePrefix, StringComparison.Ordinal));
    }

    /// <summary>Nothing that is there shows that it was durable: it may as well have been under way.</summary>
    private static bool IsUnknowable(LoneStore lone, Segment lost) => !Segments(lone).Any(segment => segment.Assures(lost.Sequence));

    private static string Name(Segment segment) => BlobNames.Log(segment.Writer, segment.Sequence);

    private static Segment[] Segments(LoneStore lone) =>
    [
        .. lone.Blobs.Objects
            .Where(item => item.Key.StartsWith(BlobNames.LogsPrefix, StringComparison.Ordinal))
            .Select(item => SegmentCodec.Decode(item.Value.Content, item.Value.Content.Length))
            .Where(segment => !segment.IsSeal),
    ];
}
