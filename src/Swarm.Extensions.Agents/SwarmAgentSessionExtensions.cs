using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Swarm;

/// <summary>Sessions of the Agent Framework's agents whose chat client is a <see cref="SwarmChatClient"/>.</summary>
/// <remarks>
/// <para>
/// Such a session names a conversation (<see cref="ChatClientAgentSession.ConversationId"/>), which is a context of the swarm. So a serialized session is small, and
/// survives its process: <c>agent.SerializeSessionAsync</c> before, <c>agent.DeserializeSessionAsync</c> in any other process, and the agent goes on, computing only
/// what is new. <see cref="ChatClientAgent.CreateSessionAsync(string, CancellationToken)"/> makes a session of a conversation by its id.
/// </para>
/// <para>An agent's instructions begin its conversation, and must not change in it.</para>
/// </remarks>
public static class SwarmAgentSessionExtensions
{
    private const string ConversationKey = "conversationId";

    /// <summary>Makes a session that begins as another one does up to its last whole turn, and goes on by itself from there. Nothing is copied or computed.</summary>
    /// <param name="agent">The agent, over a <see cref="SwarmChatClient"/>.</param>
    /// <param name="session">Its session; it has run at least once, and goes on as it was.</param>
    /// <param name="newId">Conversation id of the new one; <see langword="null"/> for one that nobody has.</param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect.</param>
    /// <returns>The new session, with a copy of the other one's <see cref="AgentSession.StateBag"/>.</returns>
    /// <exception cref="InvalidOperationException">The agent has no <see cref="SwarmChatClient"/>, or the session no conversation yet.</exception>
    /// <exception cref="ArgumentException"><paramref name="newId"/> is not allowed, see <see cref="Names.RequireContext"/>.</exception>
    /// <exception cref="SwarmRefusedException">There is no such conversation, or the new id is in use.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public static async Task<AgentSession> ForkSessionAsync(
        this AIAgent agent, AgentSession session, string? newId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(session);
        var client = agent.GetService<IChatClient>()?.GetService<SwarmChatClient>() ?? throw new InvalidOperationException(
            $"The agent '{agent.Name ?? agent.Id}' has no {nameof(SwarmChatClient)}, whose conversations can be forked: make it over one.");
        var serialized = await agent.SerializeSessionAsync(session, null, cancellationToken).ConfigureAwait(false);
        if (JsonObject.Create(serialized) is not { } copy || copy[ConversationKey]?.GetValue<string>() is not { } id)
        {
            throw new InvalidOperationException(
                $"The session of agent '{agent.Name ?? agent.Id}' has no {ConversationKey}: run the agent with it once, so that there is something to fork.");
        }

        copy[ConversationKey] = await client.ForkAsync(id, newId, cancellationToken).ConfigureAwait(false);
        return await agent.DeserializeSessionAsync(JsonSerializer.SerializeToElement(copy), null, cancellationToken).ConfigureAwait(false);
    }
}
