namespace Swarm;

/// <summary>One token of a stream, see <see cref="AgentMemory.GenerateStreamAsync"/>.</summary>
/// <param name="Token">Token id.</param>
/// <param name="Position">Its position in the context, 0-based.</param>
/// <param name="Text">
/// The text that is certain with this token, in whole characters; may be empty, and may be of tokens before it. Without a
/// <see cref="GenerateOptions.Tokenizer"/> it is empty. All of them together are the generated text, without what stopped it.
/// </param>
/// <param name="Finish">Why this is the last token; <see cref="GenerateFinish.None"/> where it is not.</param>
public readonly record struct GeneratedToken(int Token, long Position, string Text, GenerateFinish Finish);

/// <summary>Why a stream of tokens ends.</summary>
public enum GenerateFinish
{
    /// <summary>It goes on.</summary>
    None = 0,

    /// <summary><see cref="GenerateOptions.MaxTokens"/> were made, or the runtime has no room for more.</summary>
    MaxTokens = 1,

    /// <summary>The model chose one of <see cref="GenerateOptions.StopTokens"/>.</summary>
    StopToken = 2,

    /// <summary>The text has one of <see cref="GenerateOptions.StopStrings"/>.</summary>
    StopString = 3,
}
