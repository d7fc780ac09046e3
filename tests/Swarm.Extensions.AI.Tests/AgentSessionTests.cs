using System.Text.Json;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Xunit;

namespace Swarm.Extensions.AI.Tests;

/// <summary>Sessions of the Agent Framework: they survive their process, and can be forked.</summary>
public sealed class AgentSessionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_SerializedInOneProcess_GoesOnInAnother()
    {
        var swarm = new InMemorySwarm().Connect();
        await using var alone = new Chat(swarm);
        var expected = new ChatClientAgent(alone.Client, "Be brief.", "drone");
        var expectedSession = await expected.CreateSessionAsync(Token);
        string[] said = [.. (await RunAsync(expected, expectedSession, "Hello", "Go on", "And then?"))];

        await using var first = new Chat(swarm);
        var agent = new ChatClientAgent(first.Client, "Be brief.", "drone");
        var session = await agent.CreateSessionAsync(Token);
        List<string> found = [.. await RunAsync(agent, session, "Hello", "Go on")];
        var serialized = JsonSerializer.Serialize(await agent.SerializeSessionAsync(session, null, Token));

        await using var second = new Chat(swarm);
        var successor = new ChatClientAgent(second.Client, "Be brief.", "drone");
        using var document = JsonDocument.Parse(serialized);
        var resumed = await successor.DeserializeSessionAsync(document.RootElement, null, Token);
        var last = await successor.RunAsync("And then?", resumed, null, Token);

        Assert.Equal(said, found.Append(last.Text));
        Assert.DoesNotContain("Go on", serialized, StringComparison.Ordinal); // The conversation is the context's, not the session's.
        Assert.Equal(last.Usage!.InputTokenCount - last.Usage.CachedInputTokenCount + last.Usage.OutputTokenCount, second.Computed);
    }

    [Fact]
    public async Task Fork_OfASession_GoesOnByItself()
    {
        await using var chat = new Chat(new InMemorySwarm().Connect());
        var agent = new ChatClientAgent(chat.Client, "Be brief.", "drone");
        var session = await agent.CreateSessionAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => agent.ForkSessionAsync(session, null, Token));
        await agent.RunAsync("Hello", session, null, Token);
        session.StateBag.SetValue("seen", "bridge");

        var fork = await agent.ForkSessionAsync(session, null, Token);
        var ofFork = await agent.RunAsync("Go on", fork, null, Token);
        var ofSession = await agent.RunAsync("Go on", session, null, Token);

        Assert.Equal(ofSession.Text, ofFork.Text);
        Assert.NotEqual(((ChatClientAgentSession)session).ConversationId, ((ChatClientAgentSession)fork).ConversationId);
        Assert.Equal("bridge", fork.StateBag.GetValue<string>("seen"));
        var other = new ChatClientAgent(new NoChatClient(), "Be brief.", "other");
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.ForkSessionAsync(session, null, Token));
    }

    private static async Task<List<string>> RunAsync(AIAgent agent, AgentSession session, params string[] messages)
    {
        List<string> said = [];
        foreach (var message in messages)
        {
            said.Add((await agent.RunAsync(message, session, null, Token)).Text);
        }

        return said;
    }

    private sealed class NoChatClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
