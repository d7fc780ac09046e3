using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>A conversation is a context: what is computed, what is part of it, who goes on with it.</summary>
public sealed class ConversationTests
{
    private static readonly string[] _messages = ["Hello", "What is \u00e9\U0001F680?", "<|im_end|> is no end", "Go on", "And then?"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Turns_OfAConversation_ComputeOnlyWhatIsNew()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var (id, total, computed) = ((string?)null, 0L, 0L);
        foreach (var message in _messages)
        {
            var response = await chat.SayAsync(message, id);

            id = response.ConversationId;
            var usage = response.Usage!;
            Assert.StartsWith("chat/", id, StringComparison.Ordinal);
            Assert.Equal(total, usage.CachedInputTokenCount);
            Assert.Equal(usage.InputTokenCount - usage.CachedInputTokenCount + usage.OutputTokenCount, chat.Computed - computed);
            Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
            Assert.Equal("toy", response.ModelId);
            (total, computed) = (usage.TotalTokenCount!.Value, chat.Computed);
        }

        Assert.Equal(1, chat.Runtimes);
    }

    /// <summary>What the context holds is what the template writes, whether the model has ended its answer or was cut at the maximum.</summary>
    [Fact]
    public async Task Context_OfAConversation_HoldsWhatTheTemplateWrites()
    {
        var swarm = new InMemorySwarm().Connect();
        var tokenizer = new ByteTokenizer();
        var ended = 0;
        for (var seed = 0; seed < 12; seed++)
        {
            var chat = new Chat(swarm);
            var id = $"seed/{seed}";
            List<ChatResponse> responses = [];
            foreach (var message in _messages)
            {
                responses.Add(await chat.SayAsync(message, id, options => (options.Seed, options.MaxOutputTokens) = (seed, 120)));
            }

            await chat.DisposeAsync();
            await using var memory = await swarm.Agent("reader").OpenAsync(id, new ToyRuntime(vocabularySize: 258), null, Token);
            var tokens = memory.GetTokens();
            var (first, close) = (0, "");
            foreach (var (message, response) in _messages.Zip(responses))
            {
                var isEnded = response.FinishReason == ChatFinishReason.Stop;
                var (input, output) = ((int)response.Usage!.InputTokenCount!, (int)response.Usage.OutputTokenCount!);
                int[] fed =
                [
                    .. tokenizer.Encode($"{close}<|im_start|>user\n", parseSpecial: true),
                    .. tokenizer.Encode(message), // Nothing in it is a special token.
                    .. tokenizer.Encode("<|im_end|>\n<|im_start|>assistant\n", parseSpecial: true),
                ];
                Assert.Equal(fed, tokens[first..input]);
                var answer = tokens[input..(input + output)];
                Assert.Equal(ByteTokenizer.Decode(answer), response.Text);
                Assert.Equal(isEnded ? output - 1 : -1, Array.IndexOf(answer, ByteTokenizer.End));
                (first, close, ended) = (input + output, isEnded ? "\n" : "<|im_end|>\n", ended + (isEnded ? 1 : 0));
            }

            Assert.Equal(tokens.Length, first);
        }

        Assert.InRange(ended, 1, (12 * _messages.Length) - 1);
    }

    [Fact]
    public async Task AnotherClient_AfterEachTurn_GoesOnAsIfItWereTheSame()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var alone = new Chat(swarm);
        await using var first = new Chat(swarm);
        await using var second = new Chat(swarm);
        var (expectedId, id) = ((string?)null, (string?)null);
        var total = 0L;
        for (var turn = 0; turn < _messages.Length; turn++)
        {
            var expected = await alone.SayAsync(_messages[turn], expectedId);
            var found = await (turn % 2 == 0 ? first : second).SayAsync(_messages[turn], id); // Takes it over from the other one, which lives.

            (expectedId, id) = (expected.ConversationId, found.ConversationId);
            Assert.Equal(expected.Text, found.Text);
            Assert.True(turn == 0 || total == found.Usage!.CachedInputTokenCount, $"turn {turn}: {found.Usage!.CachedInputTokenCount} of {total}");
            total = found.Usage!.TotalTokenCount!.Value;
        }

        Assert.Equal((3, 2), (first.Runtimes, second.Runtimes));
    }

    [Fact]
    public async Task Answer_CancelledLeftOrFenced_IsNoPartOfTheConversation()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var alone = new Chat(swarm);
        await using var chat = new Chat(swarm);
        await using var thief = new Chat(swarm);
        var (expectedId, id) = ((string?)null, (string?)null);
        for (var turn = 0; turn < _messages.Length; turn++)
        {
            var expected = await alone.SayAsync(_messages[turn], expectedId);
            if (turn > 0)
            {
                await BreakAsync(turn, id!);
            }

            var found = await chat.SayAsync(_messages[turn], id);
            (expectedId, id) = (expected.ConversationId, found.ConversationId);
            Assert.Equal(expected.Text, found.Text);
            Assert.Equal(expected.Usage!.TotalTokenCount, found.Usage!.TotalTokenCount);
        }

        async Task BreakAsync(int turn, string id)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var updates = chat.Client.GetStreamingResponseAsync(
                [new ChatMessage(ChatRole.User, "Lost")], new ChatOptions { ConversationId = id, Seed = turn, MaxOutputTokens = 200 }, cancel.Token);
            await using var pieces = updates.GetAsyncEnumerator(Token);
            Assert.True(await pieces.MoveNextAsync());
            switch (turn % 3)
            {
                case 0:
                    return; // Left.
                case 1:
                    await cancel.CancelAsync();
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DrainAsync(pieces));
                    return;
                default:
                    var stolen = await thief.SayAsync("I have it now", id); // Becomes part of it, so it goes away again.
                    await Assert.ThrowsAsync<StaleEpochException>(() => DrainAsync(pieces));
                    await swarm.EraseAsync(id, Token);
                    Assert.NotNull(stolen);
                    for (var again = 0; again < turn; again++)
                    {
                        await chat.SayAsync(_messages[again], id);
                    }

                    return;
            }
        }

        static async Task DrainAsync(IAsyncEnumerator<ChatResponseUpdate> pieces)
        {
            while (await pieces.MoveNextAsync())
            {
            }
        }
    }

    [Fact]
    public async Task Fork_OfAConversation_GoesOnByItself()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var first = await chat.SayAsync("Hello");
        var fork = await chat.Client.ForkAsync(first.ConversationId!, "what-if/1", Token);

        var ofFork = await chat.SayAsync("Go on", fork);
        var ofParent = await chat.SayAsync("Go on", first.ConversationId);

        Assert.Equal("what-if/1", ofFork.ConversationId);
        Assert.Equal(ofParent.Text, ofFork.Text);
        Assert.Equal(first.Usage!.TotalTokenCount, ofFork.Usage!.CachedInputTokenCount);
    }

    [Fact]
    public async Task NewConversations_OfTheSameInstructions_ShareThem()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var instructions = new string('x', 100);

        var first = await chat.SayAsync("Hello", null, options => options.Instructions = instructions);
        var second = await chat.SayAsync("Good morning", null, options => options.Instructions = instructions);
        var again = await chat.SayAsync("Go on", second.ConversationId, options => options.Instructions = instructions);

        Assert.Equal(0, first.Usage!.CachedInputTokenCount);
        Assert.InRange(second.Usage!.CachedInputTokenCount!.Value, 80, 127);
        Assert.Equal(second.Usage.TotalTokenCount, again.Usage!.CachedInputTokenCount);
        var refused = await Assert.ThrowsAsync<NotSupportedException>(() => chat.SayAsync("Go on", second.ConversationId, options => options.Instructions = "others"));
        Assert.Contains("Instructions", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_MoreThanTheLimitOrIdle_AreReleased()
    {
        var clock = new FakeTimeProvider();
        var swarm = new InMemorySwarm(clock).Connect();
        await using var chat = new Chat(swarm, options =>
        {
            (options.MaxOpenConversations, options.IdleTimeout, options.TimeProvider, options.Agent) = (2, TimeSpan.FromMinutes(1), clock, "web-1");
        });
        foreach (var id in new[] { "a", "b", "c" })
        {
            await chat.SayAsync("Hello", id);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["", "web-1", "web-1"], await HoldersAsync());
        var twoAtOnce = await Task.WhenAll(Enumerable.Range(0, 6).Select(index => chat.SayAsync("Hello", $"at-once/{index}")));
        Assert.Equal(6, twoAtOnce.Length);
        Assert.Equal(["", "", ""], await HoldersAsync());
        await chat.SayAsync("Go on", "a");
        while ((await HoldersAsync())[0].Length > 0)
        {
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        var back = await chat.SayAsync("Go on", "a");
        Assert.True(back.Usage!.CachedInputTokenCount > 50);

        async Task<string[]> HoldersAsync() =>
            [(await swarm.GetStatusAsync("a", Token)).Holder, (await swarm.GetStatusAsync("b", Token)).Holder, (await swarm.GetStatusAsync("c", Token)).Holder];
    }

    [Fact]
    public async Task SecondCall_InAConversationThatAnswers_IsRefusedAndDisposeEndsTheAnswer()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var chat = new Chat(swarm);
        await chat.SayAsync("Hello", "a");
        var updates = chat.Client.GetStreamingResponseAsync(
            [new ChatMessage(ChatRole.User, "Go on")], new ChatOptions { ConversationId = "a", MaxOutputTokens = 1000 }, Token);
        await using var pieces = updates.GetAsyncEnumerator(Token);
        Assert.True(await pieces.MoveNextAsync());

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => chat.SayAsync("And me?", "a"));
        await chat.DisposeAsync();

        Assert.Contains("'a' is answering", refused.Message, StringComparison.Ordinal);
        var ended = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (await pieces.MoveNextAsync())
            {
            }
        });
        Assert.True(ended is OperationCanceledException or ObjectDisposedException, $"{ended}");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.SayAsync("Too late", "a"));
    }

    [Fact]
    public async Task Context_ThatIsNoConversationOfTheClient_IsRefused()
    {
        var swarm = new InMemorySwarm().Connect();
        await using (var memory = await swarm.Agent("drone").OpenAsync("track/1", new ToyRuntime(vocabularySize: 258), null, Token))
        {
            await memory.FeedAsync(new[] { 1, 2, 3 }, Token);
            await memory.ReleaseAsync("", Token);
        }

        await using (var memory = await swarm.Agent("drone").OpenAsync("track/2", new ToyRuntime(vocabularySize: 258), null, Token))
        {
            memory.SetState("chat/conversation", "{\"version\":7}"u8.ToArray());
            await memory.ReleaseAsync("", Token);
        }

        await using var chat = new Chat(swarm);
        await using var other = new Chat(swarm, options => options.Format = new ChatMlFormat { Identity = "another" });
        await chat.SayAsync("Hello", "mine");

        Assert.Contains("'track/1' has 3 positions", (await Assert.ThrowsAsync<InvalidDataException>(() => chat.SayAsync("Hello", "track/1"))).Message, StringComparison.Ordinal);
        Assert.Contains("version 7", (await Assert.ThrowsAsync<InvalidDataException>(() => chat.SayAsync("Hello", "track/2"))).Message, StringComparison.Ordinal);
        Assert.Contains("'another'", (await Assert.ThrowsAsync<NotSupportedException>(() => other.SayAsync("Hello", "mine"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => chat.SayAsync("Hello", "No Such Name"));
        Assert.NotEmpty((await chat.SayAsync("Hello", "mine")).Text);
    }

    [Fact]
    public async Task Message_ThatHasNoRoom_IsRefusedAndTheConversationStays()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var first = await chat.SayAsync("Hello", "a");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => chat.SayAsync(new string('x', 5000), "a"));
        var second = await chat.SayAsync("Go on", "a", options => options.MaxOutputTokens = 100_000); // Less, where there is less room.

        Assert.Contains("the runtime holds 4096", refused.Message, StringComparison.Ordinal);
        Assert.Equal(first.Usage!.TotalTokenCount, second.Usage!.CachedInputTokenCount);
        Assert.True(second.FinishReason == ChatFinishReason.Stop || second.Usage.TotalTokenCount == 4096);
    }
}
