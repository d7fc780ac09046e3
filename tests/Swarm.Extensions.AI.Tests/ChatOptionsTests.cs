using Microsoft.Extensions.AI;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>What of a call's options and messages is honoured, and what is refused by name.</summary>
public sealed class ChatOptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Options_ThatCannotBeHonoured_AreRefusedByName()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
#pragma warning disable MEAI001 // Experimental: that it is refused is what is tested.
        (ChatOptions Options, string Named)[] wrong =
        [
            (new() { Tools = [AIFunctionFactory.Create(() => 1, "one")] }, "Tools"),
            (new() { ToolMode = ChatToolMode.RequireAny }, "ToolMode"),
            (new() { ResponseFormat = ChatResponseFormat.Json }, "ResponseFormat"),
            (new() { FrequencyPenalty = 0.5f }, "FrequencyPenalty"),
            (new() { PresencePenalty = 0.5f }, "PresencePenalty"),
            (new() { Reasoning = new ReasoningOptions() }, "Reasoning"),
            (new() { RawRepresentationFactory = _ => null }, "RawRepresentationFactory"),
            (new() { AdditionalProperties = new() { ["min_p"] = 0.1 } }, "min_p"),
            (new() { AllowBackgroundResponses = true }, "AllowBackgroundResponses"),
            (new() { ModelId = "another" }, "ModelId"),
        ];
#pragma warning restore MEAI001
        foreach (var (options, named) in wrong)
        {
            var refused = await Assert.ThrowsAsync<NotSupportedException>(
                () => chat.Client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], options, Token));
            Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        }

        (ChatOptions Options, string Named)[] outOfRange =
        [
            (new() { MaxOutputTokens = 0 }, "MaxOutputTokens"),
            (new() { Temperature = -1 }, "Temperature"),
            (new() { TopP = 2 }, "top-p"),
            (new() { StopSequences = [""] }, "StopStrings"),
        ];
        foreach (var (options, named) in outOfRange)
        {
            var refused = await Assert.ThrowsAnyAsync<ArgumentException>(
                () => chat.Client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")], options, Token));
            Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Messages_ThatCannotBeHonoured_AreRefusedByName()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        (ChatMessage Message, string Named)[] wrong =
        [
            (new(ChatRole.Tool, "42"), "'tool'"),
            (new(ChatRole.User, [new DataContent(new byte[4], "image/png")]), "DataContent"),
            (new(ChatRole.User, [new TextContent("Look:"), new UriContent("http://127.0.0.1/a.png", "image/png")]), "UriContent"),
        ];
        foreach (var (message, named) in wrong)
        {
            var refused = await Assert.ThrowsAsync<NotSupportedException>(() => chat.Client.GetResponseAsync([message], null, Token));
            Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => chat.Client.GetResponseAsync([], null, Token));
    }

    [Fact]
    public async Task Sampling_OfTheCall_GoesBeforeThatOfTheClient()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());

        var plain = await chat.SayAsync("Hello");
        var same = await chat.SayAsync("Hello");
        var seeded = await chat.SayAsync("Hello", null, options => options.Seed = 99);
        var greedy = await chat.SayAsync("Hello", null, options => options.Temperature = 0);
        var top = await chat.SayAsync("Hello", null, options => options.TopK = 1);
        var narrow = await chat.SayAsync("Hello", null, options => options.TopP = 1e-6f);

        Assert.Equal(plain.Text, same.Text);
        Assert.NotEqual(plain.Text, seeded.Text);
        Assert.NotEqual(plain.Text, greedy.Text);
        Assert.Equal(greedy.Text, top.Text);
        Assert.Equal(greedy.Text, narrow.Text);
    }

    [Fact]
    public async Task End_OfAnAnswer_IsAtTheMaximumOrAStopSequence()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var whole = await chat.SayAsync("Hello", null, options => options.MaxOutputTokens = 20);
        var stop = whole.Text[5..7];

        var stopped = await chat.SayAsync("Hello", null, options => (options.MaxOutputTokens, options.StopSequences) = (20, [stop]));

        Assert.Equal((ChatFinishReason.Length, 20L), (whole.FinishReason, whole.Usage!.OutputTokenCount));
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
        Assert.Equal(whole.Text[..whole.Text.IndexOf(stop, StringComparison.Ordinal)], stopped.Text);
    }

    [Fact]
    public async Task Updates_OfAStream_AreThoseOfOneMessage()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var whole = await chat.SayAsync("Hello");
        List<ChatResponseUpdate> updates = [];
        await foreach (var update in chat.Client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Hello")], null, Token))
        {
            updates.Add(update);
        }

        Assert.True(updates.Count > 5);
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.Single(updates.Select(update => (update.ConversationId, update.ResponseId, update.MessageId, update.Role)).Distinct());
        Assert.NotNull(updates[^1].FinishReason);
        Assert.All(updates[..^1], update => Assert.Null(update.FinishReason));
        Assert.Equal(whole.Usage!.InputTokenCount, Assert.Single(updates[^1].Contents.OfType<UsageContent>()).Details.InputTokenCount);
        Assert.Equal("swarm", chat.Client.GetService<ChatClientMetadata>()!.ProviderName);
        Assert.Same(chat.Client, ((IChatClient)chat.Client).GetService<SwarmChatClient>());
    }
}
