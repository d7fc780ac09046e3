using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Swarm.Format.Objects;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Testing;
using Swarm.Tool.Inspection;
using Swarm.Tool.Stores;
using Swarm.Tool.Tests.Support;
using Xunit;

namespace Swarm.Tool.Tests.Inspection;

/// <summary>The list of contexts says of each what the view of one says.</summary>
public sealed class ContextListerTests
{
    private static readonly string[] Compared = ["tenant", "name", "state", "epoch", "holder", "tokens", "kv", "loss"];

    [Fact]
    public async Task Contexts_OfARandomLiveStore_AreAsTheViewsOfOne()
    {
        var random = new SeededTest().Random;
        var blobs = new MemoryBlobStore();
        var contexts = new List<Writing>();
        for (var silo = 0; silo < 4; silo++)
        {
            await using var store = Writing.Open(blobs, random.Next(2) == 0 ? null : 3, indexSegments: random.Next(2) == 0 ? 128 : 4);
            for (var step = 0; step < 40; step++)
            {
                await StepAsync(store, silo, contexts, random);
            }

            blobs = blobs.Copy(); // As if the silo was killed.
            await CompareAsync(blobs);
        }
    }

    [Fact]
    public async Task Contexts_ManyOnOneLog_ReadEachObjectOfItOnce()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs, indexSegments: 4);
        for (var index = 0; index < 30; index++)
        {
            var writing = await Writing.StartAsync(store, "t", $"c{index}");
            await writing.AddTokensAsync(3);
        }

        var read = new ConcurrentDictionary<string, int>();
        var dead = blobs.Copy();
        dead.Reading = name => read.AddOrUpdate(name, 1, (_, count) => count + 1);
        var view = await Inspector(dead).ContextsAsync(TestContext.Current.CancellationToken);

        Assert.All(view.Content["contexts"]!.AsArray(), row => Assert.Equal(3, (long)row!["tokens"]!));
        var ofLogs = read.Where(item => item.Key.StartsWith("log", StringComparison.Ordinal)).ToArray();
        Assert.True(ofLogs.Length > 20);
        Assert.All(ofLogs, item => Assert.InRange(item.Value, 1, 2)); // A read of the header says how long the rest is.
    }

    [Fact]
    public async Task Contexts_WhileTheyAreWrittenAndCheckpointed_AreNeverBehindWhatWasDurable()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs, checkpointSegments: 2, indexSegments: 4);
        var writings = new List<Writing>();
        for (var index = 0; index < 4; index++)
        {
            writings.Add(await Writing.StartAsync(store, "t", $"c{index}"));
        }

        var rounds = 0;
        using var stop = new CancellationTokenSource();
        var writers = writings.Select(writing => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await writing.AddTokensAsync(1);
            }
        })).ToArray();
        while (rounds++ < 20)
        {
            var before = writings.ConvertAll(writing => writing.Context.Status.Durable.Tokens);
            var view = await Inspector(blobs).ContextsAsync(TestContext.Current.CancellationToken);
            var rows = view.Content["contexts"]!.AsArray().ToDictionary(row => (string)row!["name"]!, row => (long)row!["tokens"]!);
            Assert.True(view.IsSound);
            for (var index = 0; index < writings.Count; index++)
            {
                Assert.InRange(rows[$"c{index}"], before[index], writings[index].Context.Status.Durable.Tokens + 1);
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task Contexts_SegmentDamaged_IsSaidOfThoseWhoseTailItIs()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs);
        var early = await Writing.StartAsync(store, "t", "early");
        await early.AddTokensAsync(5);
        var name = blobs.Names.Last(name => name.StartsWith("log/", StringComparison.Ordinal));
        await early.AddTokensAsync(5);
        var late = await Writing.StartAsync(store, "t", "late");
        await late.AddTokensAsync(7);

        var dead = blobs.Copy();
        dead.Damage(name, content => [.. content[..^1]]);

        var rows = await CompareAsync(dead, isSound: false);
        Assert.Contains(name, (string)rows["early"]["problem"]!, StringComparison.Ordinal);
        Assert.Null(rows["late"]["problem"]);
        Assert.Equal(7, (long)rows["late"]["tokens"]!);
    }

    [Fact]
    public async Task Contexts_SegmentMissing_IsSaidOfThoseWhoseTailItIsUntilItsNoteIsDeleted()
    {
        var blobs = new MemoryBlobStore();
        await using var store = Writing.Open(blobs);
        var early = await Writing.StartAsync(store, "t", "early");
        await early.AddTokensAsync(5);
        var whole = await Writing.StartAsync(store, "t", "whole");
        await whole.AddTokensAsync(3);
        await early.AddTokensAsync(5);
        var lost = blobs.Names.Last(name => name.StartsWith("log/", StringComparison.Ordinal));
        await early.AddTokensAsync(5);
        await whole.AddTokensAsync(4);
        var late = await Writing.StartAsync(store, "t", "late");
        await late.AddTokensAsync(7);

        var dead = blobs.Copy();
        dead.Remove(lost);

        var rows = await CompareAsync(dead, isSound: false);
        Assert.Equal(5, (long)rows["early"]["tokens"]!);
        Assert.Contains("inputs from position 5 to at least 14 are lost", (string)rows["early"]["loss"]!, StringComparison.Ordinal);
        Assert.Equal($"{lost}: it was durable and is missing", (string)rows["early"]["problem"]!);
        Assert.Equal(((string?)null, 7L), ((string?)rows["whole"]["loss"], (long)rows["whole"]["tokens"]!)); // Its inputs go on without a gap.
        Assert.Null(rows["late"]["problem"]); // It begins behind the segment.

        // Whoever opens it goes on; root and note tell.
        await using (var next = Writing.Open(dead))
        {
            await (await early.ReopenAsync(next)).DisposeAsync();
            await (await whole.ReopenAsync(next)).DisposeAsync();
        }

        rows = await CompareAsync(dead, isSound: false);
        Assert.Contains("are lost", (string)rows["early"]["loss"]!, StringComparison.Ordinal);
        Assert.Null(rows["whole"]["problem"]);
        Assert.False((await Inspector(dead).ContextAsync("t/early")).IsSound);
        dead.Remove(Assert.Single(dead.Names, name => name.StartsWith(BlobNames.DamagePrefix, StringComparison.Ordinal)));
        rows = await CompareAsync(dead);
        Assert.Null(rows["early"]["loss"]);
        Assert.True((await Inspector(dead).ContextAsync("t/early")).IsSound);
    }

    private static Inspector Inspector(IBlobStore blobs) => new(new ReadOnlyBlobStore(blobs), TimeProvider.System);

    private static async Task StepAsync(ContextStore store, int silo, List<Writing> contexts, Random random)
    {
        var index = random.Next(contexts.Count + 1);
        if (index == contexts.Count)
        {
            if (contexts.Count < 12)
            {
                contexts.Add(await Writing.StartAsync(store, $"t{random.Next(2)}", $"c{contexts.Count}"));
            }

            return;
        }

        if (contexts[index].Store != store)
        {
            contexts[index] = await contexts[index].ReopenAsync(store);
        }

        var writing = contexts[index];
        switch (random.Next(6))
        {
            case 0 when writing.Tokens.Count > 0:
                await writing.RewindAsync(random.Next(writing.Tokens.Count));
                break;
            case 1:
                await writing.AcquireAsync($"drone-{silo}");
                break;
            case 2:
                await writing.DisposeAsync();
                contexts[index] = await writing.ReopenAsync(store);
                break;
            default:
                await writing.AddTokensAsync(random.Next(1, 200), random.Next(1_000));
                await writing.AddKvAsync(random.Next(writing.Tokens.Count - writing.Kv + 1), 10);
                break;
        }
    }

    /// <summary>Compares the list with the view of each context, and returns the rows by name.</summary>
    private static async Task<Dictionary<string, JsonNode>> CompareAsync(MemoryBlobStore blobs, bool isSound = true)
    {
        var inspector = Inspector(blobs);
        var list = await inspector.ContextsAsync(TestContext.Current.CancellationToken);
        var rows = list.Content["contexts"]!.AsArray().Select(row => row!).ToDictionary(row => (string)row["name"]!);
        Assert.Equal(isSound, list.IsSound);
        Assert.Equal(blobs.Names.Count(name => name.StartsWith(BlobNames.RootsPrefix, StringComparison.Ordinal)), rows.Count);
        foreach (var row in rows.Values)
        {
            var one = (await inspector.ContextAsync($"{row["tenant"]}/{row["name"]}")).Content;
            Assert.Equal(Compared.Select(key => $"{key}: {one[key]}"), Compared.Select(key => $"{key}: {row[key]}"));
        }

        return rows;
    }
}
