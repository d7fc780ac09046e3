using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Sessions;

/// <summary>Tokens one by one: what they are, where they end, and what is in the context whatever ends them.</summary>
public sealed class GenerateStreamTests
{
    private static readonly ByteTokenizer _tokenizer = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_ToItsEnd_GivesWhatGenerateGives()
    {
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        foreach (var swarm in new ISwarmClient[] { connected, new InMemorySwarm().Connect() })
        {
            var sampling = new SamplerOptions(0.8, 40, 0.95, 7);
            await using var whole = await OpenAsync(swarm, "whole");
            var expected = await whole.GenerateAsync(50, new Sampler(sampling), Token);
            await using var memory = await OpenAsync(swarm, "streamed");
            var options = new GenerateOptions { MaxTokens = 50, Temperature = 0.8, TopK = 40, TopP = 0.95, Seed = 7, Tokenizer = _tokenizer };

            var tokens = await ToListAsync(memory.GenerateStreamAsync(options, Token));

            Assert.Equal(expected, tokens.Select(token => token.Token));
            Assert.Equal(Enumerable.Range(3, 50).Select(position => (long)position), tokens.Select(token => token.Position));
            Assert.Equal(ByteTokenizer.Decode(expected), Text(tokens));
            Assert.All(tokens[..^1], token => Assert.Equal(GenerateFinish.None, token.Finish));
            Assert.Equal(GenerateFinish.MaxTokens, tokens[^1].Finish);
            Assert.Equal(whole.GetTokens(), memory.GetTokens());
            Assert.Equal(whole.Logits.ToArray(), memory.Logits.ToArray());
            await memory.FlushAsync(Token);
            Assert.Equal(53, memory.Durable.Kv);
        }
    }

    [Fact]
    public async Task Stream_StopToken_IsTheLastAndPartOfTheContext()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var whole = await OpenAsync(swarm, "whole");
        var all = await whole.GenerateAsync(40, null, Token);
        var stop = all[20];
        var first = Array.IndexOf(all, stop);
        await using var memory = await OpenAsync(swarm, "stopped");

        var tokens = await ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { StopTokens = [stop], Tokenizer = _tokenizer }, Token));

        Assert.Equal(all[..(first + 1)], tokens.Select(token => token.Token));
        Assert.Equal(GenerateFinish.StopToken, tokens[^1].Finish);
        Assert.Equal(ByteTokenizer.Decode(all[..first]), Text(tokens));
        Assert.Equal(all[..(first + 1)], memory.GetTokens(3));
    }

    /// <summary>However text is cut into tokens, it ends before the stop string that is complete first.</summary>
    [Fact]
    public async Task Stream_StopStrings_EndTheTextWhereTheFirstIsComplete()
    {
        var seeded = new SeededTest();
        var random = seeded.Random;
        var swarm = new InMemorySwarm().Connect();
        var stopped = 0;
        for (var round = 0; round < 60; round++)
        {
            var seed = (ulong)random.Next();
            var options = new GenerateOptions { MaxTokens = 60, Temperature = 1, Seed = seed, Tokenizer = _tokenizer };
            await using var whole = await OpenAsync(swarm, $"whole/{round}");
            var all = await ToListAsync(whole.GenerateStreamAsync(options, Token));
            var text = Text(all);
            string[] stops = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Part(text, random))];
            await using var memory = await OpenAsync(swarm, $"stopped/{round}");

            var tokens = await ToListAsync(memory.GenerateStreamAsync(options with { StopStrings = stops }, Token));

            var end = stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at ? at + stop.Length : int.MaxValue).Min();
            var start = end == int.MaxValue ? text.Length : stops.Where(stop => text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at && at + stop.Length == end).Min(stop => end - stop.Length);
            Assert.True(text[..start] == Text(tokens), $"round {round}: '{Text(tokens)}' of '{text}', stopped by {string.Join(", ", stops)}");
            Assert.Equal(end == int.MaxValue ? GenerateFinish.MaxTokens : GenerateFinish.StopString, tokens[^1].Finish);
            Assert.Equal(tokens.Select(token => token.Token), memory.GetTokens(3));
            Assert.Equal(all.Select(token => token.Token).Take(tokens.Count), tokens.Select(token => token.Token));
            stopped += tokens[^1].Finish == GenerateFinish.StopString ? 1 : 0;
        }

        Assert.InRange(stopped, 20, 59);

        static string Part(string text, Random random)
        {
            var first = random.Next(text.Length);
            var part = text.Substring(first, 1 + random.Next(Math.Min(5, text.Length - first)));
            return random.Next(3) == 0 ? part + "?!" : part; // Held back, and let out again.
        }
    }

    [Fact]
    public async Task Stream_CancelledOrLeft_LeavesWhatWasHandedOver()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await OpenAsync(swarm, "track/1");
        List<int> seen = [.. memory.GetTokens()];
        await foreach (var token in memory.GenerateStreamAsync(new GenerateOptions(), Token))
        {
            seen.Add(token.Token);
            if (seen.Count == 20)
            {
                break;
            }
        }

        Assert.Equal(seen, memory.GetTokens());
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var token in memory.GenerateStreamAsync(new GenerateOptions(), Token).WithCancellation(cancel.Token))
            {
                seen.Add(token.Token);
                if (seen.Count == 40)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        Assert.Equal(seen, memory.GetTokens());
        await memory.FeedAsync(new[] { 5, 6 }, Token);
        await memory.ReleaseAsync("", Token);
        await using var next = await swarm.Agent("b").OpenAsync("track/1", NewRuntime(), null, Token);
        Assert.Equal([.. seen, 5, 6], next.GetTokens());
        Assert.Equal(42, next.Rehydration.Loaded);
    }

    [Fact]
    public async Task Stream_WhileItIsOpen_OtherCallsAreRefused()
    {
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        foreach (var swarm in new ISwarmClient[] { connected, new InMemorySwarm().Connect() })
        {
            await using var memory = await OpenAsync(swarm, "track/1");
            await foreach (var token in memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 3 }, Token))
            {
                Func<Task>[] calls =
                [
                    () => memory.FeedAsync(new[] { 1 }, Token).AsTask(),
                    () => memory.GenerateAsync(1, null, Token).AsTask(),
                    () => ToListAsync(memory.GenerateStreamAsync(new GenerateOptions(), Token)),
                    () => memory.ComputeLogitsAsync(Token).AsTask(),
                    () => memory.RewindAsync(1, Token).AsTask(),
                    () => memory.ReleaseAsync("", Token).AsTask(),
                ];
                foreach (var call in calls)
                {
                    var refused = await Assert.ThrowsAsync<InvalidOperationException>(call);
                    Assert.Contains("context 'track/1'", refused.Message, StringComparison.Ordinal);
                }

                memory.SetState("s", BitConverter.GetBytes(token.Position));
                await memory.FlushAsync(Token);
                Assert.Equal(token.Position + 1, memory.Durable.Kv);
            }

            Assert.Equal(6, memory.Length);
            Assert.Equal(6, memory.States["s"].Position);
            await memory.FeedAsync(new[] { 1 }, Token);
        }
    }

    [Fact]
    public async Task Stream_SessionThatEnds_EndsWithIt()
    {
        await using var silo = await Silo.StartAsync();
        await using var connected = await silo.ConnectAsync();
        foreach (var swarm in new ISwarmClient[] { connected, new InMemorySwarm().Connect() })
        {
            var closed = await OpenAsync(swarm, "closed");
            await using var ofClosed = closed.GenerateStreamAsync(new GenerateOptions(), Token).GetAsyncEnumerator(Token);
            Assert.True(await ofClosed.MoveNextAsync());
            await closed.CloseAsync(Token);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => ofClosed.MoveNextAsync().AsTask());

            await using var fenced = await OpenAsync(swarm, "fenced");
            await using var ofFenced = fenced.GenerateStreamAsync(new GenerateOptions(), Token).GetAsyncEnumerator(Token);
            Assert.True(await ofFenced.MoveNextAsync());
            await fenced.FlushAsync(Token);
            await using var next = await swarm.Agent("b").TakeOverAsync("fenced", NewRuntime(), TakeOver.Now, null, Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Delay(TimeSpan.FromSeconds(30), fenced.Fenced));
            await Assert.ThrowsAsync<StaleEpochException>(() => ofFenced.MoveNextAsync().AsTask());
            Assert.Equal(fenced.GetTokens(), next.GetTokens());
        }
    }

    [Fact]
    public async Task Stream_WhileTooMuchIsNotDurable_WaitsAndGoesOn()
    {
        await using var silo = await Silo.StartAsync();
        await using var swarm = await silo.ConnectAsync();
        await using var memory = await OpenAsync(swarm, "track/1", new MemoryOptions { MaxUndurableTokens = 2 });

        var tokens = await ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 12 }, Token));

        Assert.Equal(tokens.Select(token => token.Token), memory.GetTokens(3));
        Assert.InRange(memory.Length - memory.Durable.Tokens, 0, 3);
    }

    [Fact]
    public async Task Stream_SpoolWithoutRoom_IsRefusedAtOnceOrWhereItIsFull()
    {
        using var root = new TempDirectory();
        await using var silo = await Silo.StartAsync();
        var options = new MemoryOptions { SpoolPath = root.Path, SpoolBytes = 64 << 10, DrainTimeout = TimeSpan.Zero };
        await using var connected = await silo.ConnectAsync();
        var memory = await OpenAsync(connected, "track/1", options);
        await Assert.ThrowsAsync<SpoolFullException>(() => ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 4000 }, Token)));
        Assert.Equal(3, memory.Length);
        Assert.Equal(10, (await ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 10 }, Token))).Count);
        await memory.CloseAsync(Token);
    }

    [Fact]
    public async Task Stream_OptionsOutOfRange_AreRefusedByName()
    {
        await using var memory = await OpenAsync(new InMemorySwarm().Connect(), "track/1");
        (GenerateOptions Options, string Named)[] wrong =
        [
            (new() { MaxTokens = -1 }, "MaxTokens"),
            (new() { StopTokens = [1, 300] }, "Token 300"),
            (new() { StopStrings = ["a"] }, "Tokenizer"),
            (new() { StopStrings = ["a", ""], Tokenizer = _tokenizer }, "empty"),
            (new() { Temperature = double.NaN }, "Temperature"),
            (new() { TopP = 0 }, "top-p"),
        ];
        foreach (var (options, named) in wrong)
        {
            var refused = Assert.ThrowsAny<ArgumentException>(() => memory.GenerateStreamAsync(options, Token));
            Assert.Contains(named, refused.Message, StringComparison.OrdinalIgnoreCase);
        }

        var noRoom = await Assert.ThrowsAsync<ArgumentException>(
            () => ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 5000 }, Token)));
        Assert.Contains("there is room for", noRoom.Message, StringComparison.Ordinal);
        Assert.Empty(await ToListAsync(memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 0 }, Token)));
        Assert.Equal(3, memory.Length);
    }

    [Fact]
    public async Task Stream_WithoutMaximum_EndsWhereTheRuntimeIsFull()
    {
        await using var memory = await new InMemorySwarm().Connect().Agent("a").OpenAsync("track/1", new ToyRuntime(maxPositions: 20), null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);

        var tokens = await ToListAsync(memory.GenerateStreamAsync(new GenerateOptions(), Token));

        Assert.Equal(17, tokens.Count);
        Assert.Equal(GenerateFinish.MaxTokens, tokens[^1].Finish);
        await Assert.ThrowsAsync<ArgumentException>(() => ToListAsync(memory.GenerateStreamAsync(new GenerateOptions(), Token)));
    }

    [Fact]
    public async Task Stream_RuntimeThatFails_TellsAfterTheTokenThatItFailedAt()
    {
        await using var memory = await new InMemorySwarm().Connect().Agent("a").OpenAsync("track/1", new ToyRuntime { FailsAt = 8 }, null, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        List<GeneratedToken> seen = [];

        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (var token in memory.GenerateStreamAsync(new GenerateOptions { MaxTokens = 6 }, Token))
            {
                seen.Add(token);
            }
        });

        Assert.Equal(6, seen.Count); // The last one's inputs are kept, its KV is not there.
        Assert.Equal(seen.Select(token => token.Token), memory.GetTokens(3));
    }

    private static ToyRuntime NewRuntime() => new(vocabularySize: 258);

    private static async Task<IAgentMemory> OpenAsync(ISwarmClient swarm, string context, MemoryOptions? options = null)
    {
        var memory = await swarm.Agent("a").OpenAsync(context, NewRuntime(), options, Token);
        await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
        return memory;
    }

    private static async Task<List<GeneratedToken>> ToListAsync(IAsyncEnumerable<GeneratedToken> stream)
    {
        List<GeneratedToken> tokens = [];
        await foreach (var token in stream)
        {
            tokens.Add(token);
        }

        return tokens;
    }

    private static string Text(IEnumerable<GeneratedToken> tokens) => string.Concat(tokens.Select(token => token.Text));
}
