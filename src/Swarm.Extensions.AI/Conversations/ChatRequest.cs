using Microsoft.Extensions.AI;

namespace Swarm.Extensions.AI.Conversations;

/// <summary>What a call asks for, checked: what cannot be honoured is refused by name.</summary>
/// <param name="ConversationId">The conversation; <see langword="null"/> for a new one.</param>
/// <param name="Turns">New turns, at least one.</param>
/// <param name="Instructions">Instructions that the conversation begins with.</param>
/// <param name="ModelId">The model that is asked for; <see langword="null"/> for any.</param>
/// <param name="Generation">How the answer is generated; its maximum is what was asked for.</param>
internal sealed record ChatRequest(
    string? ConversationId, IReadOnlyList<ChatTurn> Turns, string? Instructions, string? ModelId, GenerateOptions Generation)
{
    /// <summary>Reads a call.</summary>
    /// <exception cref="ArgumentException">A value is out of its range, or there is no message.</exception>
    /// <exception cref="NotSupportedException">Something is asked for that cannot be honoured.</exception>
    public static ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? options, SwarmChatClientOptions settings)
    {
        options ??= new ChatOptions();
        RefuseWhatCannotBeHonoured(options);
        List<ChatTurn> turns = [.. messages.Select(ReadMessage)];
        if (turns.Count == 0)
        {
            throw new ArgumentException("There is no message to answer: give at least one.", nameof(messages));
        }

        var id = options.ConversationId is { } given ? Names.RequireContext(given) : null;
        var format = settings.Format!;
        var sampling = settings.Sampling;
        var generation = new GenerateOptions
        {
            MaxTokens = options.MaxOutputTokens is null or > 0
                ? options.MaxOutputTokens ?? settings.MaxOutputTokens
                : throw new ArgumentOutOfRangeException(
                    nameof(options), options.MaxOutputTokens, $"{nameof(ChatOptions.MaxOutputTokens)} is {options.MaxOutputTokens}: give 1 or more."),
            StopTokens = [.. format.Tokenizer.EndTokens],
            StopStrings = [.. options.StopSequences ?? []],
            Tokenizer = format.Tokenizer,
            Temperature = options.Temperature ?? sampling.Temperature,
            TopK = options.TopK ?? sampling.TopK,
            TopP = options.TopP ?? sampling.TopP,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed) : sampling.Seed,
        };
        return new ChatRequest(id, turns, string.IsNullOrEmpty(options.Instructions) ? null : options.Instructions, options.ModelId, generation);
    }

    /// <summary>The turns that go behind a conversation.</summary>
    /// <param name="isFirst">Whether it begins with them.</param>
    public IReadOnlyList<ChatTurn> TurnsOf(bool isFirst) =>
        isFirst && Instructions is not null ? [new ChatTurn(ChatRole.System.Value, Instructions), .. Turns] : Turns;

    private static ChatTurn ReadMessage(ChatMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var role = message.Role.Value.ToLowerInvariant();
        if (!ConversationState.HasRole(role))
        {
            throw new NotSupportedException(
                $"A message has the role '{message.Role.Value}'; system, user and assistant are supported. Put a tool's result into a user's message.");
        }

        foreach (var content in message.Contents)
        {
            if (content is not (TextContent or UsageContent))
            {
                throw new NotSupportedException(
                    $"A message of '{role}' has a {content.GetType().Name}; {nameof(TextContent)} is supported. Send it as text, or leave it out.");
            }
        }

        return new ChatTurn(role, message.Text);
    }

    private static void RefuseWhatCannotBeHonoured(ChatOptions options)
    {
        Refuse(options.Tools is { Count: > 0 }, nameof(options.Tools), $"{options.Tools?.Count} tools", "leave tools out, or describe them in the instructions");
        Refuse(options.ToolMode is RequiredChatToolMode, nameof(options.ToolMode), "a required tool", "set it to null");
        Refuse(
            options.ResponseFormat is not (null or ChatResponseFormatText), nameof(options.ResponseFormat),
            $"{options.ResponseFormat?.GetType().Name}", "set it to null or text, and check the answer's form yourself");
        Refuse(options.FrequencyPenalty is not (null or 0), nameof(options.FrequencyPenalty), $"{options.FrequencyPenalty}", "set it to null or 0");
        Refuse(options.PresencePenalty is not (null or 0), nameof(options.PresencePenalty), $"{options.PresencePenalty}", "set it to null or 0");
        Refuse(options.Reasoning is not null, nameof(options.Reasoning), "reasoning options", "set it to null; the template decides");
        Refuse(options.RawRepresentationFactory is not null, nameof(options.RawRepresentationFactory), "a factory", "set it to null: there is no other representation");
        Refuse(
            options.AdditionalProperties is { Count: > 0 }, nameof(options.AdditionalProperties),
            string.Join(", ", options.AdditionalProperties?.Keys ?? []), "leave them out: none is known");
#pragma warning disable MEAI001 // Experimental: refused, not used.
        Refuse(options.AllowBackgroundResponses == true, nameof(options.AllowBackgroundResponses), "true", "set it to null or false");
        Refuse(options.ContinuationToken is not null, nameof(options.ContinuationToken), "a token", "set it to null: name the conversation and repeat the message");
#pragma warning restore MEAI001
    }

    private static void Refuse(bool isAsked, string option, string value, string remedy)
    {
        if (isAsked)
        {
            throw new NotSupportedException($"{nameof(ChatOptions)}.{option} is {value}, which a conversation on Swarm does not support: {remedy}.");
        }
    }
}
