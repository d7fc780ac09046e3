using Xunit;

namespace Swarm.Testing.Models;

/// <summary>The contract of a KV runtime, as tests of any of them: export, import, truncation, reading beside steps, limits.</summary>
public abstract class KvRuntimeContract
{
    private const int Kept = 70;

    /// <summary>A new, empty runtime of a model that is loaded anew each time, with at least 2,048 positions; the test's class disposes both.</summary>
    protected abstract IKvRuntime Create(int maxPositions, int maxStepTokens = 512);

    [Theory]
    [InlineData(200)]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(64)]
    public void CommitImported_KvOfAnotherInstance_ContinuesBitIdentically(int run)
    {
        var first = Create(512);
        var second = Create(330); // Another size, with room for all steps.
        Assert.Equal(first.Fingerprint, second.Fingerprint);
        Assert.True(first.Numerics.Matches(second.Numerics));
        KvRuntimes.Feed(first, Tokens(first, 200, 1), 64);

        KvRuntimes.Copy(first, second, 200, run);

        Assert.Equal(200, second.Length);
        var next = Tokens(first, 60, 2);
        foreach (var step in new[] { 1, 7, 1, 30 })
        {
            Assert.Equal(KvRuntimes.Feed(first, next.AsSpan(0, 31), step), KvRuntimes.Feed(second, next.AsSpan(0, 31), step));
        }

        Assert.Equal(KvRuntimes.Read(first, 0, first.Length), KvRuntimes.Read(second, 0, second.Length));
    }

    [Fact]
    public void CommitImported_InParts_ContinuesBitIdentically()
    {
        var (first, second) = (Create(256), Create(256));
        KvRuntimes.Feed(first, Tokens(first, 150, 1), 50);

        KvRuntimes.Write(second, 100, 50, KvRuntimes.Read(first, 100, 50)); // The end first.
        KvRuntimes.Copy(first, second, 100, 64);
        second.CommitImported(150);

        Assert.Equal(KvRuntimes.Feed(first, [5], 1), KvRuntimes.Feed(second, [5], 1));
    }

    [Fact]
    public void CommitImported_StreamNotWritten_ThrowsAndChangesNothing()
    {
        var (first, second) = (Create(256), Create(256));
        KvRuntimes.Feed(first, Tokens(first, 10, 1), 10);
        var last = KvRuntimes.Streams(first)[^1];
        KvRuntimes.Write(second, 0, 6, KvRuntimes.Read(first, 0, 6));
        foreach (var (group, stream) in KvRuntimes.Streams(first).Where(item => item != last))
        {
            var bytes = new byte[first.Model.Geometry.Groups[group].FrameBytesPerPosition(stream) * 10];
            first.ReadKv(group, stream, 0, 10, bytes);
            second.WriteKv(group, stream, 0, 10, bytes);
        }

        if (KvRuntimes.Streams(first).Count == 1)
        {
            return; // Nothing can be missing beside what is there.
        }

        var error = Assert.Throws<InvalidOperationException>(() => second.CommitImported(10));

        Assert.Contains("Position 6", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, second.Length);
        second.CommitImported(6);
        Assert.Equal(6, second.Length);
    }

    [Fact]
    public void GetRows_KvInPlace_ContinuesBitIdentically()
    {
        var (first, second) = (Create(256), Create(256));
        if (second.Memory is not { } memory)
        {
            return; // It is received by WriteKv then, which the other tests do.
        }

        KvRuntimes.Feed(first, Tokens(first, 150, 1), 50);
        foreach (var ((group, stream), bytes) in KvRuntimes.Streams(first).Zip(KvRuntimes.Read(first, 0, 150)))
        {
            var (layers, rowBytes) = (first.Model.Geometry.Groups[group].Layers.Length, first.Model.Geometry.Groups[group].Streams[stream].RowBytes);
            for (var layer = 0; layer < layers; layer++)
            {
                for (var position = 0; position < 150;)
                {
                    var rows = memory.GetRows(group, stream, layer, position, 150 - position);
                    bytes.AsSpan(((layer * 150) + position) * rowBytes, rows.Length).CopyTo(rows.Span);
                    position += rows.Length / rowBytes;
                }
            }

            memory.MarkWritten(group, stream, 0, 150);
        }

        second.CommitImported(150);

        Assert.Equal(KvRuntimes.Read(first, 0, 150), KvRuntimes.Read(second, 0, 150));
        Assert.Equal(KvRuntimes.Feed(first, Tokens(first, 31, 2), 30), KvRuntimes.Feed(second, Tokens(first, 31, 2), 30));
    }

    // What was received and turned out to be damaged is no number, maybe, and lies behind the sequence while the next step is computed.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_BehindKvThatWasNotCommitted_EqualsNeverHavingSeenIt(bool inPlace)
    {
        var (dirty, clean) = (Create(512), Create(512));
        KvRuntimes.Feed(dirty, Tokens(dirty, Kept, 1), 35);
        KvRuntimes.Feed(clean, Tokens(dirty, Kept, 1), 35);
        foreach (var (group, stream) in KvRuntimes.Streams(dirty))
        {
            var kv = dirty.Model.Geometry.Groups[group];
            if (!inPlace)
            {
                var bytes = new byte[kv.FrameBytesPerPosition(stream) * 100];
                bytes.AsSpan().Fill(byte.MaxValue);
                dirty.WriteKv(group, stream, Kept, 100, bytes);
            }
            else if (dirty.Memory is { } memory)
            {
                for (var layer = 0; layer < kv.Layers.Length; layer++)
                {
                    memory.GetRows(group, stream, layer, Kept + 20, 60).Span.Fill(byte.MaxValue);
                }
            }
        }

        Assert.Equal(KvRuntimes.Feed(clean, Tokens(clean, 60, 2), 30), KvRuntimes.Feed(dirty, Tokens(clean, 60, 2), 30));
        Assert.Throws<InvalidOperationException>(() => dirty.CommitImported(Kept + 100));
    }

    [Theory]
    [InlineData(70)]
    [InlineData(1)]
    [InlineData(0)]
    public void Truncate_ThenOtherTokens_EqualsNeverHavingSeenTheOld(int kept)
    {
        var (rewound, straight) = (Create(512), Create(512));
        var (first, dropped, next) = (Tokens(rewound, kept, 1), Tokens(rewound, 200, 2), Tokens(rewound, 90, 3));
        KvRuntimes.Feed(rewound, first, 35);
        KvRuntimes.Feed(rewound, dropped, 64);

        rewound.Truncate(kept);

        KvRuntimes.Feed(straight, first, 35);
        Assert.Equal(KvRuntimes.Feed(straight, next, 30), KvRuntimes.Feed(rewound, next, 30));
        Assert.Equal(kept + 90, rewound.Length);
        Assert.Equal(KvRuntimes.Read(straight, 0, kept + 90), KvRuntimes.Read(rewound, 0, kept + 90));
    }

    [Fact]
    public void Truncate_ThenImport_ContinuesBitIdentically()
    {
        var (first, second) = (Create(512), Create(512));
        KvRuntimes.Feed(first, Tokens(first, 300, 1), 64);
        KvRuntimes.Feed(second, Tokens(first, 128, 1), 64);
        KvRuntimes.Feed(second, Tokens(first, 100, 4), 64);

        second.Truncate(128);
        KvRuntimes.Write(second, 128, 172, KvRuntimes.Read(first, 128, 172));
        second.CommitImported(300);

        Assert.Equal(KvRuntimes.Read(first, 0, 300), KvRuntimes.Read(second, 0, 300));
        Assert.Equal(KvRuntimes.Feed(first, Tokens(first, 9, 2), 1), KvRuntimes.Feed(second, Tokens(first, 9, 2), 1));
    }

    [Fact]
    public void Forward_CacheFull_ThrowsAndChangesNothing()
    {
        var runtime = Create(100);
        KvRuntimes.Feed(runtime, Tokens(runtime, 95, 1), 95);
        var before = KvRuntimes.Read(runtime, 0, 95);
        var logits = new float[runtime.VocabularySize];

        var error = Assert.Throws<InvalidOperationException>(() => runtime.Forward(Tokens(runtime, 6, 2), logits));

        Assert.Contains("100", error.Message, StringComparison.Ordinal);
        Assert.Equal(95, runtime.Length);
        Assert.Equal(before, KvRuntimes.Read(runtime, 0, 95));
        runtime.Forward(Tokens(runtime, 5, 2), logits);
        Assert.Equal(100, runtime.Length);
    }

    [Fact]
    public void Forward_TokenOutOfRange_ThrowsAndChangesNothing()
    {
        var runtime = Create(64);
        foreach (var token in new[] { -1, runtime.VocabularySize, int.MaxValue })
        {
            var error = Assert.Throws<ArgumentException>(() => runtime.Forward([1, token], new float[runtime.VocabularySize]));

            Assert.Contains($"{token}", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, runtime.Length);
        }
    }

    [Fact]
    public void Forward_BadSteps_Throw()
    {
        var runtime = Create(64, maxStepTokens: 8);

        Assert.Throws<ArgumentException>(() => runtime.Forward([], new float[runtime.VocabularySize]));
        Assert.Throws<ArgumentException>(() => runtime.Forward(new int[9], new float[runtime.VocabularySize]));
        Assert.Throws<ArgumentException>(() => runtime.Forward([1], new float[runtime.VocabularySize - 1]));
        Assert.Equal(0, runtime.Length);
    }

    [Fact]
    public void ReadKvAndWriteKv_BadRanges_Throw()
    {
        var runtime = Create(64);
        KvRuntimes.Feed(runtime, Tokens(runtime, 10, 1), 10);
        var geometry = runtime.Model.Geometry;
        var row = geometry.Groups[0].FrameBytesPerPosition(0);

        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, 0, 9, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, 0, -1, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(geometry.Groups.Length, 0, 0, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.ReadKv(0, geometry.Groups[0].Streams.Length, 0, 2, new byte[2 * row]));
        Assert.Throws<ArgumentException>(() => runtime.ReadKv(0, 0, 0, 2, new byte[row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.WriteKv(0, 0, 9, 2, new byte[2 * row]));
        Assert.Throws<InvalidOperationException>(() => runtime.WriteKv(0, 0, 63, 2, new byte[2 * row]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runtime.Truncate(11));
        Assert.Equal(10, runtime.Length);
    }

    [Fact]
    public async Task ReadKv_WhileForwardRuns_GivesTheSameBytes()
    {
        var runtime = Create(2048);
        KvRuntimes.Feed(runtime, Tokens(runtime, 100, 1), 100);
        var expected = KvRuntimes.Read(runtime, 0, 100);
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var reader = Task.Run(
            () =>
            {
                var reads = 0;
                while (!stop.IsCancellationRequested)
                {
                    Assert.Equal(expected, KvRuntimes.Read(runtime, 0, 100));
                    if (++reads == 1)
                    {
                        started.SetResult();
                    }
                }
            },
            TestContext.Current.CancellationToken);

        await Task.WhenAny(started.Task, reader);
        KvRuntimes.Feed(runtime, Tokens(runtime, 100, 2), 1);
        KvRuntimes.Feed(runtime, Tokens(runtime, 800, 3), 100);
        await stop.CancelAsync();
        await reader;

        Assert.Equal(1000, runtime.Length);
    }

    private static int[] Tokens(IKvRuntime runtime, int count, int seed) => KvRuntimes.Tokens(count, seed, runtime.VocabularySize);
}
