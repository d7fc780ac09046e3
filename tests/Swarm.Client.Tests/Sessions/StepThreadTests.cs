using System.Collections.Concurrent;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>Models compute on a thread of their session: callers and the thread pool stay free.</summary>
public sealed class StepThreadTests
{
    private const int RoundTokens = 100;
    private const int WakeBytes = 64;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Steps_OfWhateverCall_RunOnOneThreadOfTheSession()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var first = new WatchedRuntime();
        await using (var memory = await swarm.Agent("a").OpenAsync("track/1", first, new MemoryOptions { MaxUndurableTokens = 4 }, Token))
        {
            await memory.FeedAsync(new int[20], Token);
            await memory.FeedAsync(new int[20], Token);
            await memory.GenerateAsync(12, null, Token); // Waits for what is not durable in between.
            await memory.RewindAsync(33, Token); // The rest of a step is computed as a step of its own.
            await memory.GenerateAsync(1, null, Token);
            await memory.ReleaseAsync("", Token);
        }

        var second = new WatchedRuntime();
        await using var next = await swarm.Agent("b")
            .OpenAsync("track/1", second, new MemoryOptions { Strategy = RehydrationStrategy.Recompute }, Token);
        await next.ComputeLogitsAsync(Token);

        foreach (var runtime in new[] { first, second })
        {
            Assert.Single(runtime.Threads.Distinct());
            Assert.False(runtime.RanOnThreadPool);
        }

        Assert.NotEqual(first.Threads.First(), second.Threads.First());
        Assert.DoesNotContain(Thread.CurrentThread, first.Threads.Concat(second.Threads));
    }

    [Fact]
    public async Task Feed_WhileTheModelComputes_ReturnsToItsCaller()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new WatchedRuntime();
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", runtime, null, Token);
        runtime.Gate.Reset();

        var feeding = memory.FeedAsync(new[] { 1, 2 }, Token); // Would not return here if the model ran on this thread.

        Assert.False(feeding.IsCompleted);
        runtime.Gate.Set();
        await feeding;
        Assert.Equal(2, runtime.Length);
    }

    /// <summary>The token is handed over before its step is computed, and the next one waits for that without a thread.</summary>
    [Fact]
    public async Task Stream_WhileTheModelComputes_HandsTheTokenOver()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new WatchedRuntime();
        await using var memory = await swarm.Agent("a").OpenAsync("track/1", runtime, null, Token);
        await memory.FeedAsync(new[] { 1, 2 }, Token);
        runtime.Gate.Reset();
        await using (var tokens = memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 3 }, Token).GetAsyncEnumerator(Token))
        {
            Assert.True(await tokens.MoveNextAsync()); // Its step waits at the gate.
            Assert.Equal((3L, 2), (memory.Length, runtime.Length));

            var next = tokens.MoveNextAsync();

            Assert.False(next.IsCompleted);
            runtime.Gate.Set();
            Assert.True(await next);
        }

        Assert.Equal((4L, 4), (memory.Length, runtime.Length)); // Whoever leaves waits for the step.
        Assert.Single(runtime.Threads.Distinct());
        Assert.False(runtime.RanOnThreadPool);
    }

    /// <summary>
    /// A token of a stream allocates no more where steps are computed than one of a call that makes all of them, but for waking a caller who waits
    /// already.
    /// </summary>
    [Fact]
    public async Task Stream_EachToken_AllocatesNoMoreThanGenerateAndAWake()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var (whole, streamed) = (new WatchedRuntime(), new WatchedRuntime());
        await using var first = await swarm.Agent("a").OpenAsync("track/1", whole, null, Token);
        await using var second = await swarm.Agent("a").OpenAsync("track/2", streamed, null, Token);
        await first.FeedAsync(new[] { 1, 2 }, Token);
        await second.FeedAsync(new[] { 1, 2 }, Token);

        // Code that is not optimized yet allocates more: in rounds, until both are.
        var rounds = 0;
        do
        {
            await first.GenerateAsync(RoundTokens, null, Token);
            await foreach (var token in second.GenerateStreamAsync(new GenerateOptions { MaxTokens = RoundTokens }, Token))
            {
                Assert.Equal("", token.Text);
            }
        }
        while (MedianBytes(streamed) > MedianBytes(whole) + WakeBytes && ++rounds < 30);

        Assert.InRange(MedianBytes(streamed), 0, MedianBytes(whole) + WakeBytes);

        static long MedianBytes(WatchedRuntime runtime)
        {
            var seen = runtime.Allocated.ToArray()[^(RoundTokens / 2)..];
            return seen.Zip(seen[1..], (before, after) => after - before).Order().ElementAt(RoundTokens / 4);
        }
    }

    [Fact]
    public async Task Thread_OfASession_EndsWithIt()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        var runtime = new WatchedRuntime();
        await using (var memory = await swarm.Agent("a").OpenAsync("track/1", runtime, null, Token))
        {
            await memory.FeedAsync(new[] { 1 }, Token);
        }

        Assert.True(Assert.Single(runtime.Threads.Distinct()).Join(TimeSpan.FromSeconds(30)));
    }

    private sealed class WatchedRuntime : IKvRuntime
    {
        private readonly ToyRuntime _inner = new();

        public ConcurrentQueue<Thread> Threads { get; } = new();

        public bool RanOnThreadPool { get; private set; }

        /// <summary>Bytes that the thread has allocated in all, at each step.</summary>
        public ConcurrentQueue<long> Allocated { get; } = new();

        public ManualResetEventSlim Gate { get; } = new(true);

        public ModelDescriptor Model => _inner.Model;

        public ModelFingerprint Fingerprint => _inner.Fingerprint;

        public NumericsIdentity Numerics => _inner.Numerics;

        public int MaxPositions => _inner.MaxPositions;

        public int MaxStepTokens => _inner.MaxStepTokens;

        public int VocabularySize => _inner.VocabularySize;

        public int Length => _inner.Length;

        public void Forward(ReadOnlySpan<int> tokens, Span<float> logits)
        {
            Threads.Enqueue(Thread.CurrentThread);
            Allocated.Enqueue(GC.GetAllocatedBytesForCurrentThread());
            RanOnThreadPool |= Thread.CurrentThread.IsThreadPoolThread;
            Assert.True(Gate.Wait(TimeSpan.FromSeconds(30)));
            _inner.Forward(tokens, logits);
        }

        public void Truncate(int length) => _inner.Truncate(length);

        public void ReadKv(int group, int stream, int firstPosition, int count, Span<byte> destination) =>
            _inner.ReadKv(group, stream, firstPosition, count, destination);

        public void WriteKv(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source) =>
            _inner.WriteKv(group, stream, firstPosition, count, source);

        public void CommitImported(int length) => _inner.CommitImported(length);
    }
}
