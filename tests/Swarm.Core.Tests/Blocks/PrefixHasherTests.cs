using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Core.Tests.Blocks;

/// <summary>The block hash chain: what it covers, and its persisted encoding.</summary>
public sealed class PrefixHasherTests
{
    private static readonly TenantKey Key = new(Repeat(0xA5));
    private static readonly ModelFingerprint Model = new(new Digest256(Repeat(0x5A)));

    // Computed apart from this code. If it fails, stored KV is orphaned: use new labels instead.
    [Fact]
    public void Current_GoldenVector_IsStable()
    {
        var hasher = new PrefixHasher(Key, Model, 4);
        Assert.Equal("643e69c63a52aa89c1454ea5967d865af985d60068603cc55416f622d141ecc7", hasher.Current().ToString());

        hasher.Append([1, 2, 3, 4]);
        Assert.Equal("3491090a474b1a81d60aa14fed9bd5bcb59234f24414d05f2ab5bba64cb8e510", hasher.Current().ToString());

        hasher.Append([5, -6]);
        Assert.Equal("096b8c338414762c71e553c6d26564eac3339533a6e2377ecfd958bdb2c4cc3a", hasher.Current().ToString());
    }

    [Fact]
    public void Append_InAnyParts_GivesTheSameHashes()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var tokens = Enumerable.Range(0, random.Next(1, 400)).Select(_ => random.Next()).ToArray();
            var (whole, parts) = (new PrefixHasher(Key, Model, 16), new PrefixHasher(Key, Model, 16));

            whole.Append(tokens);
            for (var done = 0; done < tokens.Length;)
            {
                var count = random.Next(1, tokens.Length - done + 1);
                parts.Append(tokens.AsSpan(done, count));
                done += count;
            }

            Assert.True(whole.Current() == parts.Current() && whole.Position == parts.Position, $"seed {seed}");
            Assert.Equal(tokens[^(tokens.Length % 16)..], whole.PendingTokens.ToArray());
        }
    }

    [Fact]
    public void Resume_AtABlockBoundary_EqualsGoingOn()
    {
        var (continuous, resumed) = (new PrefixHasher(Key, Model, 4), new PrefixHasher(Key, Model, 4));
        continuous.Append([1, 2, 3, 4, 5, 6, 7, 8]);

        resumed.Append([9]); // What was fed before does not matter.
        resumed.Resume(8, continuous.Parent);
        continuous.Append([9, 10]);
        resumed.Append([9, 10]);

        Assert.Equal(continuous.Current(), resumed.Current());
        Assert.Throws<ArgumentException>(() => resumed.Resume(7, continuous.Parent));
    }

    [Fact]
    public void Clone_GoesOnIndependently()
    {
        var hasher = Fed(Key, Model, 4, 1, 2, 3);
        var clone = hasher.Clone();

        clone.Append([4]);

        Assert.Equal(3, hasher.Position);
        Assert.Equal(Fed(Key, Model, 4, 1, 2, 3).Current(), hasher.Current());
        Assert.Equal(Fed(Key, Model, 4, 1, 2, 3, 4).Current(), clone.Current());
    }

    [Fact]
    public void Current_AnythingItNames_Differs()
    {
        BlockHash[] hashes =
        [
            Fed(Key, Model, 4, 1, 2, 3, 4).Current(),
            Fed(Key, Model, 4, 1, 2, 3).Current(), // Partial.
            Fed(Key, Model, 4, 1, 2, 3, 0).Current(),
            Fed(Key, Model, 8, 1, 2, 3, 4).Current(), // Block size.
            Fed(new TenantKey(Repeat(0xA6)), Model, 4, 1, 2, 3, 4).Current(),
            Fed(Key, new ModelFingerprint(new Digest256(Repeat(0x5B))), 4, 1, 2, 3, 4).Current(),
            Fed(Key, Model, 4, 1, 2, 3, 4, 1, 2, 3, 4).Current(), // The same block after another prefix.
            new PrefixHasher(Key, Model, 4).Current(),
        ];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Fact]
    public void Append_Warm_AllocatesNothing()
    {
        var hasher = new PrefixHasher(Key, Model);
        var tokens = new int[1000];
        Feed();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Feed();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Feed()
        {
            hasher.Append(tokens);
            hasher.Current();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PrefixHasher.MaxBlockTokens + 1)]
    public void New_BlockSizeOutOfRange_Throws(int blockTokens) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrefixHasher(Key, Model, blockTokens));

    private static PrefixHasher Fed(TenantKey key, ModelFingerprint model, int blockTokens, params int[] tokens)
    {
        var hasher = new PrefixHasher(key, model, blockTokens);
        hasher.Append(tokens);
        return hasher;
    }

    private static byte[] Repeat(byte value) => [.. Enumerable.Repeat(value, 32)];
}
