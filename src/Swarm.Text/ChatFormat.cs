namespace Swarm;

/// <summary>How a model wants its conversations: its tokenizer and its chat template.</summary>
public sealed class ChatFormat
{
    /// <summary>Puts a tokenizer and a template together.</summary>
    public ChatFormat(TextTokenizer tokenizer, ChatTemplate template) => (Tokenizer, Template) = (tokenizer, template);

    /// <summary>The tokenizer.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Loads what comes with a model: a checkpoint directory or a <c>.gguf</c> file.</summary>
    public static ChatFormat Load(string path) => throw new NotSupportedException();

    /// <summary>Renders a conversation as text, with <c>bos_token</c> and <c>eos_token</c> set.</summary>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        throw new NotSupportedException();

    /// <summary>Renders a conversation and encodes it; special tokens come from the template alone, never from what is said.</summary>
    public int[] Encode(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        throw new NotSupportedException();

    /// <summary>
    /// Encodes what follows a conversation that a context holds already, when turns are added and the model is to answer. The context holds the
    /// rendering of all turns before; where the last of them is the model's answer, it holds the generation prompt, the answer's text and
    /// <paramref name="endToken"/>.
    /// </summary>
    /// <param name="turnsBefore">The conversation in the context; its last turn may be the model's answer.</param>
    /// <param name="newTurns">What is added.</param>
    /// <param name="endToken">End token with which the answer ended and that the context holds; <see langword="null"/> if it ended otherwise.</param>
    /// <param name="tokens">Tokens to append, with the generation prompt; empty where the answer is <see langword="false"/>.</param>
    /// <param name="variables">Further variables of the template.</param>
    /// <returns>
    /// <see langword="false"/> where the template renders the turns before differently once others follow (some drop an earlier answer's thinking): then
    /// rewind, and append what <see cref="Encode"/> gives from the first token that differs.
    /// </returns>
    public bool TryEncodeContinuation(
        IReadOnlyList<ChatTurn> turnsBefore,
        IReadOnlyList<ChatTurn> newTurns,
        int? endToken,
        out int[] tokens,
        IReadOnlyDictionary<string, object?>? variables = null) =>
        throw new NotSupportedException();
}
