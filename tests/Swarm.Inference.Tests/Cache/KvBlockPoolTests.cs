using Xunit;

namespace Swarm.Inference.Tests.Cache;

/// <summary>Several sequences in one pool: scattered blocks change nothing but where the bytes lie.</summary>
public sealed class KvBlockPoolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Forward_InterleavedSequencesInASmallPool_EqualsAloneBitForBit()
    {
        using var model = Samples.Model();
        using var pool = model.CreatePool(9);
        using var left = model.CreateRuntime(pool, 512);
        using var right = model.CreateRuntime(pool, 512);
        using var leftAlone = model.CreateRuntime(512);
        using var rightAlone = model.CreateRuntime(512);
        var (leftTokens, rightTokens) = (Samples.Tokens(280, 1), Samples.Tokens(230, 2));

        // 5 and 4 of 9 blocks: one sequence must run out of consecutive ones.
        for (var start = 0; start < 230; start += 46)
        {
            Assert.Equal(
                Samples.Feed(leftAlone, leftTokens.AsSpan(start, 46), 23), Samples.Feed(left, leftTokens.AsSpan(start, 46), 23));
            Assert.Equal(
                Samples.Feed(rightAlone, rightTokens.AsSpan(start, 46), 23),
                Samples.Feed(right, rightTokens.AsSpan(start, 46), 23));
        }

        Assert.Equal(
            Samples.Feed(leftAlone, leftTokens.AsSpan(230), 1), Samples.Feed(left, leftTokens.AsSpan(230), 1));
        Assert.Equal(Samples.Read(leftAlone, 0, 280), Samples.Read(left, 0, 280));
        Assert.Equal(Samples.Read(rightAlone, 30, 200), Samples.Read(right, 30, 200));
        Assert.Equal(0, pool.FreeBlockCount);
    }

    [Fact]
    public void Forward_BlocksScatteredByOthers_EqualsAloneBitForBit()
    {
        using var model = Samples.Model();
        using var pool = model.CreatePool(8);
        using var holder = model.CreateRuntime(pool, 512);
        using var other = model.CreateRuntime(pool, 512);
        using var scattered = model.CreateRuntime(pool, 512);
        using var alone = model.CreateRuntime(512);
        Samples.Feed(holder, Samples.Tokens(64, 1), 64); // Block 0.
        Samples.Feed(other, Samples.Tokens(64, 1), 64); // A block in the middle.
        var tokens = Samples.Tokens(64 * 6, 3);

        var logits = Samples.Feed(scattered, tokens, 40);

        Assert.Equal(Samples.Feed(alone, tokens, 40), logits);
        Assert.Equal(Samples.Read(alone, 0, tokens.Length), Samples.Read(scattered, 0, tokens.Length));
    }

    /// <summary>As a connection does it while runs out of buffers are written: into scattered blocks, row by row, from another thread.</summary>
    [Fact]
    public async Task GetRows_WhileOthersAreWritten_ContinuesBitIdentically()
    {
        const int count = 64 * 6;
        const int run = 32;
        using var model = Samples.Model();
        using var pool = model.CreatePool(8);
        using var holder = model.CreateRuntime(pool, 512);
        using var other = model.CreateRuntime(pool, 512);
        using var target = model.CreateRuntime(pool, 512);
        using var source = model.CreateRuntime(512);
        Samples.Feed(holder, Samples.Tokens(64, 1), 64);
        Samples.Feed(other, Samples.Tokens(64, 1), 64);
        Samples.Feed(source, Samples.Tokens(count, 3), 64);

        await Task.WhenAll(
            Task.Run(() => Import((first, stream, rows) => Receive(target.Memory!, first, stream, rows), 0), Token),
            Task.Run(() => Import((first, stream, rows) => target.WriteKv(0, stream, first, run, rows), run), Token));
        target.CommitImported(count);

        Assert.Equal(Samples.Read(source, 0, count), Samples.Read(target, 0, count));
        Assert.Throws<ArgumentOutOfRangeException>(() => target.Memory!.GetRows(0, 0, 0, count - 1, 1));
        Assert.Throws<InvalidOperationException>(() => target.Memory!.GetRows(0, 0, 0, count, 1)); // No block is left.

        void Import(Action<int, int, byte[]> import, int offset)
        {
            for (var first = offset; first < count; first += 2 * run)
            {
                var streams = Samples.Read(source, first, run);
                for (var stream = 0; stream < streams.Length; stream++)
                {
                    import(first, stream, streams[stream]);
                }
            }
        }

        void Receive(IKvMemory memory, int first, int stream, byte[] rows)
        {
            var rest = rows.AsMemory();
            for (var layer = 0; layer < model.Config.Layers; layer++)
            {
                for (var position = first; position < first + run;)
                {
                    var piece = memory.GetRows(0, stream, layer, position, first + run - position);
                    rest[..piece.Length].CopyTo(piece);
                    rest = rest[piece.Length..];
                    position += piece.Length / model.Descriptor.Geometry.Groups[0].Streams[stream].RowBytes;
                }
            }

            Assert.True(rest.IsEmpty);
            memory.MarkWritten(0, stream, first, run);
        }
    }

    [Fact]
    public void Forward_PoolExhausted_ThrowsAndChangesNothing()
    {
        using var model = Samples.Model();
        using var pool = model.CreatePool(3);
        using var left = model.CreateRuntime(pool, 512);
        using var right = model.CreateRuntime(pool, 512);
        Samples.Feed(left, Samples.Tokens(128, 1), 128);
        Samples.Feed(right, Samples.Tokens(10, 2), 10);
        var before = Samples.Read(right, 0, 10);

        var error = Assert.Throws<InvalidOperationException>(
            () => right.Forward(Samples.Tokens(100, 3), new float[97]));

        Assert.Contains("3 blocks", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, right.Length);
        Assert.Equal(before, Samples.Read(right, 0, 10));
        left.Truncate(64);
        Assert.Equal(1, pool.FreeBlockCount);
        Samples.Feed(right, Samples.Tokens(100, 3), 100);
        right.Dispose();
        Assert.Equal(2, pool.FreeBlockCount);
    }

    [Fact]
    public void CreateRuntime_PoolOfAnotherModel_Throws()
    {
        using var model = Samples.Model();
        using var other = Samples.Model(seed: 2);
        using var pool = other.CreatePool(1);

        Assert.Throws<ArgumentException>(() => model.CreateRuntime(pool, 64));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(64, 0));
    }
}
