using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>Contexts of many pages, repeats of what is there already, and every kind of object damaged. Promises 1 to 5.</summary>
public sealed class ContextStoreTests
{
    private const int ManyTokens = 13_000; // Over three sealed pages of 4,096 inputs.
    private const int RunTokens = ContextWriter.RunTokens; // 2,600 runs: over two sealed pages of 1,024 extents.

    private readonly LoneStore _lone = new();
    private readonly ContextWriter _writer;

    public ContextStoreTests() => _writer = new ContextWriter(_lone, LoneStore.Spec.Name);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_ContextOfManyPages_FindsAllOfIt(bool closesFirst)
    {
        _writer.Write(ManyTokens);
        if (closesFirst)
        {
            _writer.Close();
        }

        _lone.Restart();

        _writer.AssertIsAllThere();
    }

    /// <summary>A link that is gone is often noticed after the session has connected again, over another one.</summary>
    [Fact]
    public void ConnectionLost_OfAnotherThanTheLast_IsOfNoEffect()
    {
        _writer.Write(10);
        object first = new(), second = new();
        var lost = _lone.Run(async () =>
        {
            var context = await _writer.OpenAsync();
            context.RecordConnected(_writer.Proof, first);
            context.RecordConnected(_writer.Proof, second);
            context.RecordConnectionLost(first);
            var afterFirst = context.Status.ConnectionLost;
            context.RecordConnectionLost(second);
            return (afterFirst, afterSecond: context.Status.ConnectionLost);
        });

        Assert.Null(lost.afterFirst);
        Assert.NotNull(lost.afterSecond);
    }

    [Fact]
    public void ConnectionLost_WhileARewindIsUnderWay_IsKept()
    {
        _writer.Write(10);
        var link = new object();
        var lost = _lone.Run(async () =>
        {
            var context = await _writer.OpenAsync();
            context.RecordConnected(_writer.Proof, link);
            var rewinding = context.RewindAsync(_writer.Proof, 5, Digest256.Sha256("fresh"u8), default);
            context.RecordConnectionLost(link);
            await rewinding;
            return context.Status.ConnectionLost;
        });

        Assert.NotNull(lost);
    }

    [Fact]
    public void ConnectionLost_OfASessionThatIsFenced_IsOfNoEffect()
    {
        _writer.Write(10);
        var link = new object();
        var lost = _lone.Run(async () =>
        {
            var context = await _writer.OpenAsync();
            context.RecordConnected(_writer.Proof, link);
            await context.AcquireAsync(new AcquireRequest("b", Digest256.Sha256("b"u8), context.Status.Epoch), default);
            context.RecordConnectionLost(link);
            return context.Status.ConnectionLost;
        });

        Assert.Null(lost);
    }

    [Fact]
    public void WriteAtOnce_WaitsForNothingUntilTheEpochChanges()
    {
        _writer.Write(10);
        var waits = AppendTime();
        _lone.Run(async () =>
        {
            (await _writer.OpenAsync()).WriteAtOnce(TimeSpan.FromMinutes(1));
            return true;
        });
        var atOnce = AppendTime();
        _writer.Rewind(5);
        var waitsAgain = AppendTime();

        var interval = new ContextStoreOptions().FlushInterval;
        Assert.True(waits >= interval && waitsAgain >= interval && atOnce < interval, $"{waits}, {atOnce}, {waitsAgain}");

        TimeSpan AppendTime() => _lone.Run(async () =>
        {
            var context = await _writer.OpenAsync();
            var length = (int)context.Status.Durable.Tokens;
            var began = _lone.Time.GetTimestamp();
            await context.AppendInputsAsync(_writer.Proof, new InputRun(length, new int[] { 1, 2, 3 }, new int[] { 3 }), [], default);
            return _lone.Time.GetElapsedTime(began);
        });
    }

    [Theory]
    [InlineData(8_190)]
    [InlineData(4_096)]
    [InlineData(3)]
    [InlineData(0)]
    public void Rewind_IntoSealedPages_GoesOnWithOtherInputs(int length)
    {
        _writer.Write(ManyTokens);
        var durable = _writer.Rewind(length);
        Assert.Equal(length, durable.Tokens);
        Assert.InRange(durable.Kv, Math.Max(0, length - RunTokens + 1), length);

        _writer.Write(3_000, salt: 1_000_000);
        _writer.AssertIsAllThere();
        _lone.Restart();

        _writer.AssertIsAllThere();
    }

    [Fact]
    public void Append_OfWhatIsThere_IsAcknowledgedAndNotDoubled()
    {
        _writer.Write(ManyTokens);
        foreach (var (first, count) in new[] { (0, 40), (4_090, 20), (8_192, 4_000), (ManyTokens - 7, 7) })
        {
            var inputs = _writer.Inputs(first, count);
            var durable = _lone.Run(async () => await (await _writer.OpenAsync()).AppendInputsAsync(_writer.Proof, inputs, [], default));
            Assert.Equal(new Watermarks(ManyTokens, ManyTokens), durable);
        }

        foreach (var (first, count) in new[] { (4_095, RunTokens), (4_096, 64), (ManyTokens - 3, 3) })
        {
            var kv = _writer.Kv(first, count); // Over the same inputs it is the same KV, however it is cut.
            Assert.Equal(
                new Watermarks(ManyTokens, ManyTokens),
                _lone.Run(async () => await (await _writer.OpenAsync()).AppendKvAsync(_writer.Proof, kv, default)));
        }

        _writer.AssertIsAllThere();
    }

    [Fact]
    public void Append_OfOtherThanWhatIsThere_IsAConflictThatNamesThePlace()
    {
        _writer.Write(ManyTokens);
        foreach (var position in new[] { 0, 4_095, 9_000, ManyTokens - 1 })
        {
            var other = _writer.Inputs(position, 1).Tokens.ToArray();
            other[0]++;
            var refused = Assert.ThrowsAny<SwarmRefusedException>(() => _lone.Run(async () =>
                await (await _writer.OpenAsync()).AppendInputsAsync(_writer.Proof, new InputRun(position, other, new[] { 1 }), [], default)));
            Assert.Equal(RefusalCode.Conflict, refused.Refusal.Code);
            Assert.Contains($"Position {position} ", refused.Message, StringComparison.Ordinal);
        }

        var gap = Assert.ThrowsAny<SwarmRefusedException>(() => _lone.Run(async () => await (await _writer.OpenAsync()).AppendInputsAsync(
            _writer.Proof, new InputRun(ManyTokens + 1, new[] { 7 }, new[] { 1 }), [], default)));
        Assert.Equal(RefusalCode.Gap, gap.Refusal.Code);
        var strange = Assert.ThrowsAny<SwarmRefusedException>(() => _lone.Run(async () =>
            await (await _writer.OpenAsync()).AppendKvAsync(_writer.Proof, _writer.Kv(4_095, RunTokens) with { PrefixHash = _writer.Kv(0, 9).PrefixHash }, default)));
        Assert.Equal(RefusalCode.Conflict, strange.Refusal.Code);
        _writer.AssertIsAllThere();
    }

    [Theory]
    [InlineData("contexts/")]
    [InlineData("pages/")]
    [InlineData("models/")]
    [InlineData("tenants/")]
    [InlineData("log/")]
    public void Open_DamagedObject_IsRefusedByNameAndNothingIsChanged(string prefix)
    {
        _writer.Write(5_000);
        var random = new Random(5);
        var good = _lone.Blobs.Objects.ToDictionary();
        var needed = 0;
        foreach (var name in good.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (var damage in new Func<byte[], byte[]>[]
                { bytes => Flip(bytes, random.Next(16)), bytes => Flip(bytes, 40), bytes => bytes[..20], _ => [] })
            {
                _lone.Restart();
                _lone.Settle();
                _lone.Blobs.Corrupt(name, damage);
                var before = _lone.Blobs.Objects.ToDictionary();
                if (Record.Exception(() => _lone.Run(_writer.OpenAsync)) is { } refused)
                {
                    needed++;
                    Assert.Equal(RefusalCode.Corrupt, Assert.IsType<CorruptDataException>(refused).Refusal.Code);
                    Assert.Contains(name, refused.Message, StringComparison.Ordinal);
                    Assert.Equal(before, _lone.Blobs.Objects.ToDictionary());
                }

                _lone.Blobs.Restore(good);
            }
        }

        _lone.Restart();
        _writer.AssertIsAllThere();
        Assert.True(needed > 0, $"nothing under {prefix} was needed to open the context");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public void Read_DamagedKv_TellsOfItAndAllElseIsThere(long memoryTierBytes)
    {
        var lone = new LoneStore(memoryTierBytes: memoryTierBytes);
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(200);
        writer.Close();
        var segments = lone.Blobs.Objects.Keys.Where(name => name.StartsWith("log/", StringComparison.Ordinal)).Order().ToArray();
        var found = 0;
        foreach (var name in segments)
        {
            lone.Restart();
            var good = lone.Blobs.Objects[name].Content;
            lone.Blobs.Corrupt(name, bytes => Flip(bytes, bytes.Length - 1)); // Payloads come behind the index.
            var (tokens, kv) = lone.Run(writer.ReadAsync);
            Assert.Equal(writer.Tokens, tokens);
            Assert.Equal(200 - writer.Damaged.Sum(run => run.Count), kv);
            Assert.True(writer.Damaged.Count <= 1, "one byte cannot be in two runs");
            found += writer.Damaged.Count;
            lone.Blobs.Corrupt(name, _ => good);
            writer.AssertIsAllThere(); // Nothing bad was kept.
        }

        Assert.True(found > 0, "no damage was ever noticed");
    }

    [Fact]
    public void AppendKv_ManyLargeRunsAtOnce_AreQueuedInTheOrderOfTheirCalls()
    {
        var lone = new LoneStore(largeRecordBytes: 64);
        var writer = new ContextWriter(lone, LoneStore.Spec.Name);
        writer.Write(2_000); // Up to 50 runs under way; none is refused.
        var chunks = lone.Blobs.Objects.Keys.Count(name => name.StartsWith("chunks/", StringComparison.Ordinal));

        Assert.InRange(chunks, 2_000 / RunTokens, int.MaxValue);
        writer.AssertIsAllThere();
        lone.Restart();
        writer.AssertIsAllThere();
    }

    [Fact]
    public void Read_ManyRunsInFewSegments_ReadsEachSegmentOnceForAllContexts()
    {
        var lone = new LoneStore(memoryTierBytes: 8 << 20);
        var writers = Enumerable.Range(0, 10).Select(index => new ContextWriter(lone, $"c{index}")).ToArray();
        Array.ForEach(writers, writer => writer.Write(250));
        lone.Restart();
        foreach (var writer in writers)
        {
            lone.Run(writer.OpenAsync);
        }

        lone.Blobs.Reads.Clear();
        Array.ForEach(writers, writer => writer.AssertIsAllThere());

        var reads = lone.Blobs.Reads.Where(item => item.Key.StartsWith("log/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(10 * 250 / RunTokens, writers.Sum(writer => writer.RunsRead));
        Assert.All(reads, item => Assert.Equal(1, item.Value));
        Assert.InRange(reads.Length, 1, 50);
    }

    private static byte[] Flip(byte[] bytes, int index)
    {
        byte[] changed = [.. bytes];
        changed[index] ^= 0x10;
        return changed;
    }
}
