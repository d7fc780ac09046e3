namespace Swarm;

/// <summary>Turns text into token ids of a model, and back. Thread-safe.</summary>
public interface ITextTokenizer
{
    /// <summary>Name or digest of the vocabulary and its rules, for <see cref="ModelDescriptor.Tokenizer"/>. The same in every process.</summary>
    string Identity { get; }

    /// <summary>Number of token ids: valid ones are 0 to this less 1. At most the model's.</summary>
    int VocabularySize { get; }

    /// <summary>Tokens that begin a text, such as BOS; empty where the model wants none.</summary>
    IReadOnlyList<int> BeginTokens { get; }

    /// <summary>Tokens at which a model ends its text or its turn, such as EOS and EOT.</summary>
    IReadOnlySet<int> EndTokens { get; }

    /// <summary>Encodes text. Nothing is added to it: see <see cref="BeginTokens"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">
    /// Whether the names of special tokens in the text, such as <c>&lt;|im_end|&gt;</c>, become those tokens. Only for text of a trusted
    /// template: a user's text could end its own turn.
    /// </param>
    /// <returns>Token ids.</returns>
    int[] Encode(string text, bool parseSpecial = false);

    /// <summary>A decoder for tokens that come one by one.</summary>
    /// <returns>A decoder, at the start of a text. Not thread-safe.</returns>
    ITokenDecoder CreateDecoder();
}

/// <summary>Decodes tokens one by one; characters whose bytes are spread over several tokens come with the last of them.</summary>
public interface ITokenDecoder
{
    /// <summary>Takes the next token.</summary>
    /// <param name="token">A token id. Special tokens give no text.</param>
    /// <returns>The text that is complete with it; may be empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    string Append(int token);

    /// <summary>Ends the text.</summary>
    /// <returns>What was left incomplete, with U+FFFD for bytes that are no character; may be empty.</returns>
    string Flush();
}
