using Microsoft.Extensions.Logging;

namespace Swarm.Extensions.AI.Conversations;

/// <summary>A conversation that is open: its session, its runtime, and its last whole turn. One call at a time.</summary>
internal sealed class Conversation : IAsyncDisposable
{
    private readonly IAgentMemory _memory;
    private readonly IKvRuntime _runtime;
    private readonly SwarmChatClientOptions _options;
    private readonly ILogger _logger;
    private ConversationState _state;
    private int[]? _prompt; // Fed when it was opened, and not answered yet.
    private long? _loaded; // Until the first call has reported it.

    private Conversation(IAgentMemory memory, IKvRuntime runtime, SwarmChatClientOptions options, ILogger logger, ConversationState state)
    {
        (_memory, _runtime, _options, _logger, _state) = (memory, runtime, options, logger, state);
        _loaded = memory.Rehydration.Loaded;
    }

    /// <summary>What one answer took, in tokens.</summary>
    /// <param name="Input">Of the conversation and the new turns.</param>
    /// <param name="Cached">Of these, what was not computed.</param>
    /// <param name="MaxOutput">Most that the answer may have.</param>
    public readonly record struct Prepared(long Input, long Cached, int MaxOutput);

    /// <summary>Its name.</summary>
    public string Id => _memory.Context;

    /// <summary>Name of the model.</summary>
    public string ModelId => _runtime.Model.Name;

    /// <summary>Positions of its context.</summary>
    public long Length => _memory.Length;

    /// <summary>Positions whose KV was loaded when it was opened.</summary>
    public long Loaded => _memory.Rehydration.Loaded;

    /// <summary>Whether another process has taken it over.</summary>
    public bool IsFenced => _memory.Fenced.IsCancellationRequested;

    /// <summary>Opens a conversation by its name, whoever holds it, or makes it.</summary>
    /// <exception cref="InvalidDataException">The context is no conversation.</exception>
    public static Task<Conversation> OpenAsync(
        ISwarmAgent agent, string id, SwarmChatClientOptions options, ILogger logger, CancellationToken cancellationToken) =>
        StartAsync(
            runtime => agent.OpenOrTakeOverAsync(id, runtime, options.TakeOver, options.Memory, cancellationToken),
            options,
            (memory, runtime) => new Conversation(memory, runtime, options, logger, ReadState(memory, options)));

    /// <summary>Makes a new conversation of its first turns, which shares what other contexts have of the same beginning.</summary>
    public static Task<Conversation> BeginAsync(
        ISwarmAgent agent, string id, ChatRequest request, SwarmChatClientOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var empty = new ConversationState(0, "", options.Format!.Identity, ConversationState.DigestOf(request.Instructions));
        var prompt = options.Format.Encode([], null, request.TurnsOf(isFirst: true));
        return StartAsync(
            runtime =>
            {
                RequireRoom(id, 0, prompt.Length, runtime);
                return agent.OpenWithPromptAsync(id, runtime, prompt, options.Memory, cancellationToken);
            },
            options,
            (memory, runtime) =>
            {
                memory.SetState(ConversationState.Name, empty.Encode()); // Whoever opens it after a crash knows that nothing was answered.
                return new Conversation(memory, runtime, options, logger, empty) { _prompt = prompt };
            });
    }

    /// <summary>Takes back what was cut off, and feeds the new turns.</summary>
    /// <exception cref="NotSupportedException">Format, instructions or model are others than the conversation's.</exception>
    /// <exception cref="InvalidOperationException">The runtime has no room for them.</exception>
    public async ValueTask<Prepared> PrepareAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        RequireModel(request);
        var opened = _loaded;
        if (_prompt is { } prompt)
        {
            (_prompt, _loaded) = (null, null);
            return new Prepared(prompt.Length, opened ?? 0, MaxOutput(request));
        }

        if (_memory.Length > _state.Length)
        {
            ChatLog.CutOff(_logger, Id, _memory.Length - _state.Length, _state.Length);
            await _memory.RewindAsync(_state.Length, cancellationToken).ConfigureAwait(false);
        }

        var cached = Math.Min(opened ?? long.MaxValue, _state.Length);
        var isFirst = _state.IsEmpty;
        if (isFirst)
        {
            _state = _state with { Format = _options.Format!.Identity, Instructions = ConversationState.DigestOf(request.Instructions), Roles = "" };
        }

        RequireSame(request);
        var tokens = _options.Format!.Encode(_state.RoleNames, FindEndToken(), request.TurnsOf(isFirst));
        RequireRoom(Id, _memory.Length, tokens.Length, _runtime);
        await _memory.FeedAsync(tokens, isFirst ? [(ConversationState.Name, _state.Encode())] : [], cancellationToken).ConfigureAwait(false);
        _loaded = null;
        return new Prepared(_memory.Length, cached, MaxOutput(request));
    }

    /// <summary>The answer, token by token.</summary>
    public IAsyncEnumerable<GeneratedToken> AnswerAsync(ChatRequest request, int maxTokens, CancellationToken cancellationToken) =>
        _memory.GenerateStreamAsync(request.Generation with { MaxTokens = maxTokens }, cancellationToken);

    /// <summary>Makes the turns and their answer part of the conversation, and waits until they are durable; with a spool they are on the disk.</summary>
    public async ValueTask CommitAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        var next = _state.With(request.TurnsOf(_state.IsEmpty), _memory.Length);
        _memory.SetState(ConversationState.Name, next.Encode());
        _state = next;
        if (_options.Memory.SpoolPath is null)
        {
            await _memory.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Releases it for any process, if that can be done soon, and ends its session. Its stream ends, if one is open.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(_options.Memory.DrainTimeout, _options.TimeProvider);
            await _memory.ReleaseAsync("", limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SwarmRefusedException or SwarmTransportException or InvalidOperationException or OperationCanceledException)
        {
            ChatLog.NotReleased(_logger, Id, exception.Message); // Another process has it, or takes it over.
        }
        finally
        {
            await _memory.CloseAsync(CancellationToken.None).ConfigureAwait(false);
            (_runtime as IDisposable)?.Dispose();
        }
    }

    private static async Task<Conversation> StartAsync(
        Func<IKvRuntime, Task<IAgentMemory>> open, SwarmChatClientOptions options, Func<IAgentMemory, IKvRuntime, Conversation> create)
    {
        var runtime = options.CreateRuntime!() ?? throw new InvalidOperationException(
            $"{nameof(SwarmChatClientOptions)}.{nameof(SwarmChatClientOptions.CreateRuntime)} has returned null: it must return a runtime.");
        IAgentMemory? memory = null;
        try
        {
            memory = await open(runtime).ConfigureAwait(false);
            return create(memory, runtime);
        }
        catch
        {
            if (memory is not null)
            {
                await memory.CloseAsync(CancellationToken.None).ConfigureAwait(false);
            }

            (runtime as IDisposable)?.Dispose();
            throw;
        }
    }

    private static ConversationState ReadState(IAgentMemory memory, SwarmChatClientOptions options)
    {
        if (memory.States.TryGetValue(ConversationState.Name, out var kept))
        {
            var state = ConversationState.Decode(memory.Context, kept.Content.Span);
            return state.Length <= memory.Length
                ? state
                : throw new InvalidDataException(
                    $"Context '{memory.Context}' has {memory.Length} positions, and its conversation {state.Length}: something else has rewound it. Begin a new conversation.");
        }

        return memory.Length == 0
            ? new ConversationState(0, "", options.Format!.Identity, "")
            : throw new InvalidDataException(
                $"Context '{memory.Context}' has {memory.Length} positions that no SwarmChatClient has written. Give another conversation id.");
    }

    private static void RequireRoom(string id, long length, int added, IKvRuntime runtime)
    {
        if (length + added >= runtime.MaxPositions)
        {
            throw new InvalidOperationException(
                $"Conversation '{id}' has {length} positions, the new messages {added} more, and the runtime holds {runtime.MaxPositions}, the answer included. "
                + "Begin a new conversation, or give the model a larger cache.");
        }
    }

    private void RequireModel(ChatRequest request)
    {
        if (request.ModelId is { } asked && asked != ModelId)
        {
            throw new NotSupportedException($"ChatOptions.ModelId is '{asked}', and this client has '{ModelId}': leave it out, or use a client of that model.");
        }
    }

    private void RequireSame(ChatRequest request)
    {
        if (_state.Format != _options.Format!.Identity)
        {
            throw new NotSupportedException(
                $"Conversation '{Id}' was written with the format '{_state.Format}', and this client has '{_options.Format.Identity}': use the one that it began with.");
        }

        if (request.Instructions is not null && ConversationState.DigestOf(request.Instructions) != _state.Instructions)
        {
            throw new NotSupportedException(
                $"ChatOptions.Instructions are others than those that conversation '{Id}' began with, and what was computed stays: send them as a system message, "
                + "leave them out, or begin a new conversation.");
        }
    }

    /// <summary>The token that the model has ended its last answer with, if it has.</summary>
    private int? FindEndToken() =>
        _state.Roles.EndsWith('a') && _memory.GetTokens(_memory.Length - 1)[0] is var last && _options.Format!.Tokenizer.EndTokens.Contains(last) ? last : null;

    private int MaxOutput(ChatRequest request) => (int)Math.Min(request.Generation.MaxTokens ?? int.MaxValue, _runtime.MaxPositions - _memory.Length);
}
