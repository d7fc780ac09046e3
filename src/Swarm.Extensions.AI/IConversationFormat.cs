namespace Swarm;

/// <summary>How a conversation is written in a model's tokens: its chat template and tokenizer. Thread-safe.</summary>
/// <remarks>
/// <see cref="ConversationFormatExtensions.ToConversationFormat"/> makes one of what comes with a model. It is asked for what follows, never for the whole: what is in a context stays as it was written. So a template whose text before depends on what
/// comes after cannot be used; an implementation refuses it.
/// </remarks>
public interface IConversationFormat
{
    /// <summary>
    /// Name or digest of the template and the tokenizer, 1 to 256 characters, the same in every process. It is kept with a conversation, which no client
    /// of another format goes on with.
    /// </summary>
    string Identity { get; }

    /// <summary>The model's tokenizer. Its <see cref="ITextTokenizer.EndTokens"/> end an answer.</summary>
    ITextTokenizer Tokenizer { get; }

    /// <summary>Writes turns that come behind a conversation, and what begins the assistant's answer to them.</summary>
    /// <param name="rolesBefore">
    /// Roles of the turns before: <c>system</c>, <c>user</c> or <c>assistant</c>; empty at the beginning. The last one is the assistant's where its
    /// answer was generated.
    /// </param>
    /// <param name="endToken">
    /// Which of the tokenizer's <see cref="ITextTokenizer.EndTokens"/> the model ended its answer with, so that the context has it; <see langword="null"/>
    /// where the answer ended otherwise, as at its maximum, or there is none.
    /// </param>
    /// <param name="turns">The new turns, at least one, of the same roles. Their content is a user's: what looks like a special token in it is text.</param>
    /// <returns>
    /// The tokens that the context lacks. Behind an answer they begin with what the template closes it with, such as <c>&lt;|im_end|&gt;</c>, without
    /// <paramref name="endToken"/>. At the beginning they begin with the tokenizer's <see cref="ITextTokenizer.BeginTokens"/>, where the template wants them.
    /// </returns>
    /// <exception cref="ArgumentException">The template does not allow these turns there; the message says why.</exception>
    int[] Encode(IReadOnlyList<string> rolesBefore, int? endToken, IReadOnlyList<ChatTurn> turns);
}
