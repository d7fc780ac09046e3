using System.Text;
using Swarm.Core.Identity;

namespace Swarm.Extensions.AI.Conversations;

/// <summary>Writes turns by a model's own chat template. What was said before is not needed: roles decide what stands between turns.</summary>
/// <param name="format">Tokenizer and template.</param>
internal sealed class TemplateConversationFormat(ChatFormat format) : IConversationFormat
{
    /// <summary>Stands for what was said before, which no template that can go on in place looks at.</summary>
    private const string Said = "x";

    /// <inheritdoc/>
    public string Identity { get; } =
        $"template {Digest256.Sha256(Encoding.UTF8.GetBytes(format.Template.Text))}, tokenizer {Digest256.Sha256(Encoding.UTF8.GetBytes(format.Tokenizer.Identity))}";

    /// <inheritdoc/>
    public ITextTokenizer Tokenizer => format.Tokenizer;

    /// <inheritdoc/>
    public int[] Encode(IReadOnlyList<string> rolesBefore, int? endToken, IReadOnlyList<ChatTurn> turns)
    {
        try
        {
            return rolesBefore.Count == 0
                ? format.Encode(turns, addGenerationPrompt: true)
                : format.TryEncodeContinuation([.. rolesBefore.Select(role => new ChatTurn(role, Said))], turns, endToken, out var tokens)
                    ? tokens
                    : throw new ArgumentException(
                        $"The template '{format.Template.Source}' writes the turns before otherwise once {string.Join(", ", turns.Select(turn => turn.Role))} "
                        + "follows, so that the conversation cannot go on in place: put a system message at its beginning alone, or begin a new conversation.",
                        nameof(turns));
        }
        catch (TextFormatException exception)
        {
            throw new ArgumentException($"The template refuses the messages: {exception.Message}", nameof(turns), exception);
        }
    }
}
