using Xunit;

namespace Swarm.Inference.Tests.Cache;

/// <summary>Several sequences in one pool: scattered blocks change nothing but where the bytes lie.</summary>
public sealed class KvBlockPoolTests
{
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
