using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>The contract of a KV runtime: export, import, truncation, limits.</summary>
public sealed class LlamaRuntimeTests
{
    [Theory]
    [InlineData(KvDType.Float32, 200)]
    [InlineData(KvDType.Float32, 1)]
    [InlineData(KvDType.Float32, 37)]
    [InlineData(KvDType.BFloat16, 64)]
    public void CommitImported_KvOfAnotherInstance_ContinuesBitIdentically(KvDType dtype, int run)
    {
        using var model = Samples.Model(dtype);
        using var same = Samples.Model(dtype);
        Assert.Equal(model.Descriptor.ComputeFingerprint(), same.Descriptor.ComputeFingerprint());
        using var first = model.CreateRuntime(512);
        using var second = same.CreateRuntime(330); // Another size, with room for all steps.
        Samples.Feed(first, Samples.Tokens(200, 1), 64);

        Samples.Copy(first, second, 200, run);

        Assert.Equal(200, second.Length);
        var next = Samples.Tokens(60, 2);
        foreach (var step in new[] { 1, 7, 1, 30 })
        {
            Assert.Equal(Samples.Feed(first, next.AsSpan(0, 31), step), Samples.Feed(second, next.AsSpan(0, 31), step));
        }

        Assert.Equal(Samples.Read(first, 0, first.Length), Samples.Read(second, 0, second.Length));
    }

    [Fact]
    public void CommitImported_InParts_ContinuesBitIdentically()
    {
        using var model = Samples.Model();
        using var first = model.CreateRuntime(256);
        using var second = model.CreateRuntime(256);
        Samples.Feed(first, Samples.Tokens(150, 1), 50);
        var streams = Samples.Read(first, 100, 50);

        second.WriteKv(0, 1, 100, 50, streams[1]); // Out of order: the end first.
        second.WriteKv(0, 0, 100, 50, streams[0]);
        Samples.Copy(first, second, 100, 64);
        second.CommitImported(150);

        Assert.Equal(Samples.Feed(first, [5], 1), Samples.Feed(second, [5], 1));
    }

    [Fact]
    public void CommitImported_StreamNotWritten_ThrowsAndChangesNothing()
    {
        using var model = Samples.Model();
        using var first = model.CreateRuntime(256);
        using var second = model.CreateRuntime(256);
        Samples.Feed(first, Samples.Tokens(10, 1), 10);
        var streams = Samples.Read(first, 0, 10);
        second.WriteKv(0, 0, 0, 10, streams[0]);
        second.WriteKv(0, 1, 0, 6, Samples.Read(first, 0, 6)[1]);

        var error = Assert.Throws<InvalidOperationException>(() => second.CommitImported(10));

        Assert.Contains("Position 6", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, second.Length);
        second.CommitImported(6);
        Assert.Equal(6, second.Length);
    }

    [Fact]
    public void Truncate_ThenOtherTokens_EqualsNeverHavingSeenTheOld()
    {
        using var model = Samples.Model();
        using var rewound = model.CreateRuntime(512);
        using var straight = model.CreateRuntime(512);
        var (kept, dropped, next) = (Samples.Tokens(70, 1), Samples.Tokens(200, 2), Samples.Tokens(90, 3));
        Samples.Feed(rewound, kept, 35);
        Samples.Feed(rewound, dropped, 64);

        rewound.Truncate(70);

        Samples.Feed(straight, kept, 35);
        Assert.Equal(Samples.Feed(straight, next, 30), Samples.Feed(rewound, next, 30));
        Assert.Equal(160, rewound.Length);
    }

    [Fact]
    public void Forward_CacheFull_ThrowsAndChangesNothing()
    {
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(100);
        Samples.Feed(runtime, Samples.Tokens(95, 1), 95);
        var before = Samples.Read(runtime, 0, 95);
        var logits = new float[runtime.VocabularySize];

        var error = Assert.Throws<InvalidOperationException>(() => runtime.Forward(Samples.Tokens(6, 2), logits));

        Assert.Contains("100", error.Message, StringComparison.Ordinal);
        Assert.Equal(95, runtime.Length);
        Assert.Equal(before, Samples.Read(runtime, 0, 95));
        runtime.Forward(Samples.Tokens(5, 2), logits);
        Assert.Equal(100, runtime.Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(97)]
    public void Forward_TokenOutOfRange_ThrowsAndChangesNothing(int token)
    {
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(64);

        var error = Assert.Throws<ArgumentException>(() => runtime.Forward([1, token], new float[97]));

        Assert.Contains($"{token}", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, runtime.Length);
    }

    [Fact]
    public void Forward_BadSteps_Throw()
    {
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(64, maxStepTokens: 8);

        Assert.Throws<ArgumentException>(() => runtime.Forward([], new float[97]));
        Assert.Throws<ArgumentException>(() => runtime.Forward(new int[9], new float[97]));
        Assert.Throws<ArgumentException>(() => runtime.Forward([1], new float[96]));
        Assert.Equal(0, runtime.Length);
    }

    [Fact]
    public void ReadKvAndWriteKv_BadRanges_Throw()
    {
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(64);
        Samples.Feed(runtime, Samples.Tokens(10, 1), 10);
        var row = 3 * runtime.Model.Geometry.Groups[0].Streams[0].RowBytes;

        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, 0, 9, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, 0, -1, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(1, 0, 0, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, 2, 0, 2, new byte[2 * row]));
        Assert.Throws<ArgumentException>(() => runtime.ReadKv(0, 0, 0, 2, new byte[row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.WriteKv(0, 0, 9, 2, new byte[2 * row]));
        Assert.Throws<InvalidOperationException>(() => runtime.WriteKv(0, 0, 63, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.Truncate(11));
        Assert.Equal(10, runtime.Length);
    }

    [Fact]
    public async Task ReadKv_WhileForwardRuns_GivesTheSameBytes()
    {
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(2048);
        Samples.Feed(runtime, Samples.Tokens(100, 1), 100);
        var expected = Samples.Read(runtime, 0, 100);
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var reader = Task.Run(
            () =>
            {
                var reads = 0;
                while (!stop.IsCancellationRequested)
                {
                    Assert.Equal(expected, Samples.Read(runtime, 0, 100));
                    if (++reads == 1)
                    {
                        started.SetResult();
                    }
                }
            },
            TestContext.Current.CancellationToken);

        await Task.WhenAny(started.Task, reader);
        Samples.Feed(runtime, Samples.Tokens(300, 2), 1);
        Samples.Feed(runtime, Samples.Tokens(1500, 3), 100);
        await stop.CancelAsync();
        await reader;

        Assert.Equal(1900, runtime.Length);
    }

    [Fact]
    public void Forward_ThousandsOfSteps_DoNotGrowNativeMemory()
    {
        const long AllowedGrowth = 16 << 20;
        using var model = Samples.Model();
        using var runtime = model.CreateRuntime(64);
        var logits = new float[runtime.VocabularySize];
        Steps(500);
        var tensors = TorchSharp.torch.Tensor.TotalCount;
        var before = Environment.WorkingSet;

        Steps(2000);

        Assert.True(Environment.WorkingSet - before < AllowedGrowth, $"{before} became {Environment.WorkingSet} bytes.");
        Assert.Equal(tensors, TorchSharp.torch.Tensor.TotalCount);

        void Steps(int count)
        {
            for (var step = 0; step < count; step++)
            {
                runtime.Forward([step % 97, 5], logits);
                runtime.Truncate(step % 32);
            }
        }
    }
}
