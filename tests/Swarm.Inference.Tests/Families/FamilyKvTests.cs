using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>KV of every family goes out and in again, whatever its groups and streams are, and changes no bit of what follows.</summary>
public sealed class FamilyKvTests
{
    public static TheoryData<string> Names => FamilySamples.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void CommitImported_KvOfAnotherInstance_ContinuesBitIdentically(string name)
    {
        using var model = FamilySamples.Model(name);
        using var same = FamilySamples.Model(name);
        Assert.Equal(model.Descriptor.ComputeFingerprint(), same.Descriptor.ComputeFingerprint());
        using var first = model.CreateRuntime(320);
        using var second = same.CreateRuntime(260); // Another size.
        Samples.Feed(first, FamilySamples.Tokens(150, 1), 37);

        Samples.Copy(first, second, 150, 41);

        var next = FamilySamples.Tokens(14, 2);
        foreach (var step in (int[])[1, 13])
        {
            Assert.Equal(Samples.Feed(first, next, step), Samples.Feed(second, next, step));
        }

        Assert.Equal(Samples.Read(first, 0, first.Length), Samples.Read(second, 0, second.Length));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_ScatteredBlocksAndARewind_EqualsAloneBitForBit(string name)
    {
        using var model = FamilySamples.Model(name);
        using var pool = model.CreatePool(8);
        using var holder = model.CreateRuntime(pool, 512);
        using var other = model.CreateRuntime(pool, 512);
        using var scattered = model.CreateRuntime(pool, 512);
        using var alone = model.CreateRuntime(512);
        Samples.Feed(holder, FamilySamples.Tokens(64, 1), 64);
        Samples.Feed(other, FamilySamples.Tokens(64, 1), 64);
        var tokens = FamilySamples.Tokens(64 * 4, 3);
        Samples.Feed(scattered, FamilySamples.Tokens(64 * 6, 4), 192);

        scattered.Truncate(0);
        var logits = Samples.Feed(scattered, tokens, 39);
        logits = [.. logits, .. Samples.Feed(scattered, tokens.AsSpan(0, 7), 1)];

        Assert.Equal([.. Samples.Feed(alone, tokens, 39), .. Samples.Feed(alone, tokens.AsSpan(0, 7), 1)], logits);
        Assert.Equal(Samples.Read(alone, 0, 263), Samples.Read(scattered, 0, 263));
    }

    [Fact]
    public void ToGeometry_WindowsAndLatents_HaveGroupsAndStreamsOfTheirOwn()
    {
        var gemma = FamilySamples.Config("gemma3-mqa").ToGeometry();
        var mistral = FamilySamples.Config("mistral-window-71").ToGeometry();
        var latent = FamilySamples.Config("deepseek2").ToGeometry();

        Assert.Equal([(LayerGroupKind.Full, 0), (LayerGroupKind.Window, 90)], gemma.Groups.Select(group => (group.Kind, group.WindowPositions)));
        Assert.Equal([3], gemma.Groups[0].Layers);
        Assert.Equal([0, 1, 2], gemma.Groups[1].Layers);
        Assert.Equal((LayerGroupKind.Window, 71), (mistral.Groups.Single().Kind, mistral.Groups[0].WindowPositions));
        Assert.Equal([("latent", 24 * 4), ("rope", 8 * 4)], latent.Groups.Single().Streams.Select(stream => (stream.Name, stream.RowBytes)));
        Assert.True(FamilySamples.Config("qwen2").ToGeometry().IsFullAttention);
    }

    /// <summary>A group that was forgotten is found: nothing is committed on half of the KV.</summary>
    [Fact]
    public void CommitImported_GroupNotWritten_ThrowsAndChangesNothing()
    {
        using var model = FamilySamples.Model("gemma3");
        using var first = model.CreateRuntime(64);
        using var second = model.CreateRuntime(64);
        Samples.Feed(first, FamilySamples.Tokens(10, 1), 10);
        var streams = Samples.Read(first, 0, 10);
        second.WriteKv(0, 0, 0, 10, streams[0]);
        second.WriteKv(0, 1, 0, 10, streams[1]);
        second.WriteKv(1, 0, 0, 10, streams[2]);
        second.WriteKv(1, 1, 0, 4, Samples.Read(first, 0, 4)[3]);

        var error = Assert.Throws<InvalidOperationException>(() => second.CommitImported(10));

        Assert.Contains("Position 4", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, second.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => second.WriteKv(2, 0, 0, 10, streams[0]));
    }

    /// <summary>What lies behind the window of every layer changes nothing any more.</summary>
    [Fact]
    public void Forward_KvBehindTheWindow_IsNotLookedAt()
    {
        using var model = FamilySamples.Model("mistral-window-7");
        using var first = model.CreateRuntime(256);
        using var second = model.CreateRuntime(256);
        Samples.Feed(first, FamilySamples.Tokens(150, 1), 50);
        for (var stream = 0; stream < 2; stream++)
        {
            var bytes = Samples.Read(first, 0, 150)[stream];
            var rowBytes = model.Descriptor.Geometry.Groups[0].Streams[stream].RowBytes;
            for (var layer = 0; layer < 3; layer++)
            {
                bytes.AsSpan(layer * 150 * rowBytes, 144 * rowBytes).Fill(0x3F); // 0.747 in fp32: finite, and wrong.
            }

            second.WriteKv(0, stream, 0, 150, bytes);
        }

        second.CommitImported(150);

        Assert.Equal(Samples.Feed(first, [5], 1), Samples.Feed(second, [5], 1));
    }
}
