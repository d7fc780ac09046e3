using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Swarm.Core.Settings;
using Swarm.Extensions.AI;
using Swarm.Extensions.AI.Conversations;

namespace Swarm;

/// <summary>A chat client whose conversations are contexts of a swarm: only what is new is computed, and any process goes on with any of them. Thread-safe.</summary>
/// <remarks>
/// <para>
/// <b>Conversations.</b> It is a stateful client: without a <see cref="ChatOptions.ConversationId"/>, a call begins a conversation with all of its messages; the
/// response names it, and further calls name it and give what is new alone. The id is the context's name; one that does not exist begins with the call.
/// A new conversation shares what other contexts of the tenant have computed of the same beginning, such as its instructions.
/// </para>
/// <para>
/// <b>Turns.</b> When a call completes, its messages and the answer are durable, and part of the conversation. Of a call that does not complete, because it is
/// cancelled, its enumeration is left, it fails or its process ends, nothing is: the next call, in whatever process, takes the conversation back to its last whole
/// turn. Repeat the message then.
/// </para>
/// <para>
/// <b>Processes.</b> A conversation is taken over from the process that has it (<see cref="SwarmChatClientOptions.TakeOver"/>). A call that it was
/// answering there fails with a <see cref="StaleEpochException"/>; repeating it takes the conversation back. One call at a time answers in a conversation: a
/// second one of the same client is refused.
/// </para>
/// <para>
/// <b>Usage.</b> <see cref="UsageDetails.InputTokenCount"/> counts the whole conversation with the new messages, <see cref="UsageDetails.CachedInputTokenCount"/>
/// those of it that were not computed, <see cref="UsageDetails.OutputTokenCount"/> the answer with its end token.
/// </para>
/// <para>
/// <b>Options.</b> <c>ConversationId</c>, <c>Instructions</c>, <c>Temperature</c>, <c>TopK</c>, <c>TopP</c>, <c>Seed</c>, <c>MaxOutputTokens</c> (less where the
/// runtime has less room), <c>StopSequences</c> and <c>ModelId</c> are honoured. Instructions begin a conversation and cannot change in it. What would change
/// the answer and is not honoured is refused by name: tools, formats other than text, penalties, reasoning options, contents other than text.
/// </para>
/// </remarks>
public sealed class SwarmChatClient : IChatClient, IAsyncDisposable
{
    private readonly ISwarmClient _swarm;
    private readonly SwarmChatClientOptions _options;
    private readonly ISwarmAgent _agent;
    private readonly OpenConversations _open;
    private readonly ChatMetrics _metrics;
    private readonly ILogger _logger;
    private readonly ChatClientMetadata _metadata = new("swarm");

    /// <summary>Makes a client over a swarm. Nothing is opened yet.</summary>
    /// <param name="swarm">The swarm; it stays the caller's, and is disposed of after this client.</param>
    /// <param name="options">Settings; not to be changed any more.</param>
    /// <exception cref="ArgumentException">Settings are wrong; the message names all of them.</exception>
    public SwarmChatClient(ISwarmClient swarm, SwarmChatClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(swarm);
        ArgumentNullException.ThrowIfNull(options);
        SettingRules.Require(options, nameof(options));
        (_swarm, _options) = (swarm, options);
        _agent = swarm.Agent(options.Agent ?? $"chat-{Guid.NewGuid():n}");
        _logger = options.LoggerFactory.CreateLogger<SwarmChatClient>();
        _metrics = ChatMetrics.Of(options.MeterFactory);
        _open = new OpenConversations(options.MaxOpenConversations, options.IdleTimeout, options.TimeProvider, typeof(SwarmChatClient));
        _metrics.Add(this, () => _open.Count);
    }

    /// <summary>Answers messages; see the class for what a conversation is.</summary>
    /// <param name="messages">New messages, at least one.</param>
    /// <param name="options">Options; <see langword="null"/> for a new conversation with the defaults.</param>
    /// <param name="cancellationToken">Ends it between two tokens; then nothing of the call is part of the conversation.</param>
    /// <returns>The answer, with its conversation's id and its usage.</returns>
    /// <exception cref="ArgumentException">A value is out of its range, there is no message, or the template does not allow the messages there.</exception>
    /// <exception cref="NotSupportedException">Something is asked for that cannot be honoured; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The conversation is answering another call, or is too long for the runtime.</exception>
    /// <exception cref="InvalidDataException">The id is a context that is no conversation.</exception>
    /// <exception cref="StaleEpochException">Another process took the conversation over. Repeat the message to take it back.</exception>
    /// <exception cref="SwarmRefusedException">The swarm refuses it, as for another model.</exception>
    /// <exception cref="SwarmTransportException">The silos cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">The client is disposed.</exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <summary>Answers messages piece by piece; the last piece has the finish reason and the usage, and comes when the turn is durable.</summary>
    /// <param name="messages">New messages, at least one.</param>
    /// <param name="options">Options; <see langword="null"/> for a new conversation with the defaults.</param>
    /// <param name="cancellationToken">Ends it between two tokens; then nothing of the call is part of the conversation.</param>
    /// <returns>The pieces. What fails is thrown as they are asked for.</returns>
    /// <inheritdoc cref="GetResponseAsync" path="/exception"/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return AnswerAsync(messages, options, cancellationToken);
    }

    /// <summary>Makes a conversation that begins as another one does up to its last whole turn, and goes on by itself from there. Nothing is copied or computed.</summary>
    /// <param name="conversationId">The conversation; whoever has it is not disturbed.</param>
    /// <param name="newId">Id of the new one; <see langword="null"/> for one that nobody has.</param>
    /// <param name="cancellationToken">Stops waiting; the fork may still take effect.</param>
    /// <returns>The new one's id.</returns>
    /// <exception cref="ArgumentException">An id is not allowed, see <see cref="Names.RequireContext"/>.</exception>
    /// <exception cref="SwarmRefusedException">There is no such conversation, or the new id is in use.</exception>
    /// <exception cref="SwarmTransportException">The silos do not answer.</exception>
    public async Task<string> ForkAsync(string conversationId, string? newId = null, CancellationToken cancellationToken = default)
    {
        Names.RequireContext(conversationId);
        var id = Names.RequireContext(newId ?? NewId());
        await _swarm.ForkAsync(conversationId, id, null, cancellationToken).ConfigureAwait(false);
        return id;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_swarm) ? _swarm
            : null;
    }

    /// <summary>Begins to release all conversations, and does not wait: <see cref="DisposeAsync"/> does.</summary>
    public void Dispose() => _ = CloseAsync();

    /// <summary>Releases all conversations. Answers that are being given end, and are no part of theirs.</summary>
    /// <returns>A task that ends when nothing of them runs any more. Dispose of the swarm's client after it.</returns>
    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    private async IAsyncEnumerable<ChatResponseUpdate> AnswerAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = ChatRequest.Read(messages, options, _options);
        var id = request.ConversationId ?? NewId();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _open.Stopping);
        var conversation = await _open.TakeAsync(id, () => OpenAsync(id, request, stop.Token), stop.Token).ConfigureAwait(false);
        var (isLeft, isWhole, output) = (false, false, 0L);
        Conversation.Prepared? prepared = null;
        try
        {
            var input = await conversation.PrepareAsync(request, stop.Token).ConfigureAwait(false);
            prepared = input;
            var response = new ResponseIds(conversation, _options.TimeProvider);
            var finish = GenerateFinish.None;
            await foreach (var token in conversation.AnswerAsync(request, input.MaxOutput, stop.Token).ConfigureAwait(false))
            {
                output++;
                finish = token.Finish;
                if (token.Text.Length > 0)
                {
                    isLeft = true; // If it is left here, its conversation stays open.
                    yield return response.Update(new TextContent(token.Text));
                    isLeft = false;
                }
            }

            await conversation.CommitAsync(request, stop.Token).ConfigureAwait(false);
            isWhole = true;
            var last = response.Update(new UsageContent(new UsageDetails
            {
                InputTokenCount = input.Input,
                CachedInputTokenCount = input.Cached,
                OutputTokenCount = output,
                TotalTokenCount = input.Input + output,
            }));
            last.FinishReason = finish == GenerateFinish.MaxTokens ? ChatFinishReason.Length : ChatFinishReason.Stop;
            yield return last;
        }
        finally
        {
            if (prepared is { } fed)
            {
                _metrics.Fed(fed.Cached, fed.Input - fed.Cached);
                _metrics.Answered(output, isWhole);
            }

            await _open.ReturnAsync(conversation, isWhole || isLeft || stop.IsCancellationRequested).ConfigureAwait(false);
        }
    }

    private async Task CloseAsync()
    {
        await _open.DisposeAsync().ConfigureAwait(false);
        _metrics.Remove(this);
        if (_options.MeterFactory is null)
        {
            _metrics.Dispose();
        }
    }

    private async Task<Conversation> OpenAsync(string id, ChatRequest request, CancellationToken cancellationToken)
    {
        var conversation = request.ConversationId is null
            ? await Conversation.BeginAsync(_agent, id, request, _options, _logger, cancellationToken).ConfigureAwait(false)
            : await Conversation.OpenAsync(_agent, id, _options, _logger, cancellationToken).ConfigureAwait(false);
        ChatLog.Opened(_logger, id, conversation.Length, conversation.Loaded);
        return conversation;
    }

    private string NewId() => $"{_options.NamePrefix}{Guid.NewGuid():n}";

    /// <summary>What all pieces of an answer have in common.</summary>
    private sealed class ResponseIds(Conversation conversation, TimeProvider clock)
    {
        private readonly string _response = $"{Guid.NewGuid():n}";
        private readonly string _message = $"{Guid.NewGuid():n}";

        public ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
        {
            ConversationId = conversation.Id,
            ModelId = conversation.ModelId,
            ResponseId = _response,
            MessageId = _message,
            CreatedAt = clock.GetUtcNow(),
        };
    }
}
