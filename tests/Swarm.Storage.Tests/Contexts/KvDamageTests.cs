using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Testing;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>
/// Whatever is damaged of stored KV, or of the pages that say where it lies: inputs and all other KV are read, the context goes on,
/// and KV that is computed again takes its place. Promises 2, 3 and 9.
/// </summary>
public sealed class KvDamageTests
{
    private const int RunTokens = ContextWriter.RunTokens;
    private const int Positions = 7_000; // 1,400 runs: a sealed page of 1,024 extents, and another.

    private readonly SeededTest _seeded = new();

    [Theory]
    [InlineData(64)] // Every run is a chunk.
    [InlineData(1 << 20)] // None is.
    public void Read_AnyKvObjectsDamaged_ReadsAllOthersAndRepeatsTakeTheirPlace(int largeRecordBytes)
    {
        var (damagedRuns, lostPages) = (0, 0);
        for (var round = 0; round < 16; round++)
        {
            var isMerged = _seeded.Random.Next(2) == 0;
            var lone = new LoneStore(largeRecordBytes: largeRecordBytes, compactionRuns: isMerged ? 128 : 1024);
            var writer = new ContextWriter(lone, LoneStore.Spec.Name);
            writer.Write(Positions);
            writer.Close();
            lone.Restart();
            var (pages, kv) = KvObjects(lone, writer.Id);
            DamageSome(lone, [.. pages.Where(_ => _seeded.Random.Next(2) == 0), .. Some(kv, _seeded.Random.Next(6))]);

            var (tokens, good) = lone.Run(writer.ReadAsync);

            Assert.Equal(writer.Tokens, tokens);
            Assert.Equal(Positions - writer.Damaged.Sum(run => run.Count), good);
            damagedRuns += writer.Damaged.Count;
            lostPages += isMerged ? 0 : writer.Damaged.Count(run => run.Count > RunTokens);

            if (_seeded.Random.Next(3) == 0)
            {
                writer.Rewind(_seeded.Random.Next(Positions));
                writer.Write(RunTokens * 20, salt: 1_000_000);
                lone.Run(writer.ReadAsync);
            }

            if (_seeded.Random.Next(2) == 0)
            {
                writer.Close(); // What could not be read at opening is written down as lost.
                lone.Restart();
                lone.Run(writer.ReadAsync);
            }

            writer.AppendAgain(isMerged ? writer.Damaged : writer.Damaged.SelectMany(Cut));

            writer.AssertIsAllThere();
            writer.Write(RunTokens * 3, salt: 2_000_000);
            writer.Close();
            lone.Restart();
            writer.AssertIsAllThere();
        }

        Assert.True(damagedRuns > 10 && lostPages > 0, $"{damagedRuns} runs and {lostPages} pages were damaged: too few");
    }

    [Fact]
    public void Rewind_IntoAPageThatCannotBeRead_KeepsWhatIsAppendedBehindItWhenItCanBeReadAgain()
    {
        for (var round = 0; round < 12; round++)
        {
            var lone = new LoneStore(compactionRuns: 1024);
            var writer = new ContextWriter(lone, LoneStore.Spec.Name);
            writer.Write(Positions);
            writer.Close();
            lone.Restart();
            var pages = KvObjects(lone, writer.Id).Pages;
            var page = pages[_seeded.Random.Next(pages.Length)];
            var good = lone.Blobs.Objects[page].Content;
            lone.Blobs.Corrupt(page, _ => []);
            writer.Rewind(1 + _seeded.Random.Next(Positions));
            writer.Write(RunTokens * 10, salt: 1_000_000);
            lone.Restart();
            if (lone.Blobs.Objects.ContainsKey(page))
            {
                lone.Blobs.Corrupt(page, _ => good);
            }

            var (tokens, kv) = lone.Run(writer.ReadAsync);

            Assert.Equal(writer.Tokens, tokens);
            Assert.Equal(writer.KvLength, kv + writer.Damaged.Sum(run => run.Count));
            writer.AppendAgain(writer.Damaged);
            writer.AssertIsAllThere();
        }
    }

    [Fact]
    public void AppendAgain_RunThatIsCutDifferently_ChangesNothing()
    {
        var lone = new LoneStore();
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(200);
        writer.Close();
        lone.Restart();
        lone.Blobs.Corrupt(KvObjects(lone, writer.Id).Kv[0], _ => []);
        lone.Run(writer.ReadAsync);
        var damaged = writer.Damaged;
        Assert.NotEmpty(damaged);

        writer.AppendAgain((damaged[0].First + 1, damaged[0].Count));
        lone.Run(writer.ReadAsync);
        Assert.Equal(damaged, writer.Damaged);

        writer.AppendAgain(damaged);
        writer.AssertIsAllThere();
    }

    private static (string[] Pages, string[] Kv) KvObjects(LoneStore lone, ContextId id)
    {
        var root = ManifestCodec.DecodeRoot(lone.Blobs.Objects[BlobNames.Root(id)].Content);
        string[] pages = [.. root.ExtentPages.Select(page => BlobNames.Page(id, page))];
        string[] kv =
        [
            .. pages.SelectMany(page => ManifestCodec.DecodeExtents(lone.Blobs.Objects[page].Content))
                .Select(extent => BlobNames.Of(id, extent.Payload.Object)).Distinct(),
        ];
        return (pages, kv);
    }

    private IEnumerable<string> Some(string[] names, int count) => Enumerable.Range(0, count).Select(_ => names[_seeded.Random.Next(names.Length)]);

    private void DamageSome(LoneStore lone, IEnumerable<string> names)
    {
        foreach (var name in names.Distinct())
        {
            lone.Blobs.Corrupt(name, bytes => _seeded.Random.Next(3) switch
            {
                0 => [],
                1 => bytes[..^1],
                _ => [.. bytes[..^3], (byte)(bytes[^3] ^ 0x40), .. bytes[^2..]],
            });
        }
    }

    // Lost with its page, KV may be put in place in any pieces.
    private IEnumerable<(int First, int Count)> Cut((int First, int Count) run)
    {
        while (run.Count > RunTokens)
        {
            var count = Math.Min(run.Count, 1 + _seeded.Random.Next(200));
            yield return (run.First, count);
            run = (run.First + count, run.Count - count);
        }

        if (run.Count > 0)
        {
            yield return run;
        }
    }
}
