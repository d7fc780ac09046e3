using Swarm.Extensions.AI.Conversations;

namespace Swarm;

/// <summary>Conversations in the format that comes with a model.</summary>
public static class ConversationFormatExtensions
{
    /// <summary>A model's own tokenizer and chat template, for a <see cref="SwarmChatClient"/>.</summary>
    /// <param name="format">Tokenizer and template, as <see cref="ChatFormat.Load"/> gives them.</param>
    /// <returns>
    /// The format. Its identity is that of the template's text and of the tokenizer. A conversation whose earlier turns the template would write otherwise once others
    /// follow is refused; what it drops of earlier answers, such as their thinking, stays in the context.
    /// </returns>
    public static IConversationFormat ToConversationFormat(this ChatFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        return new TemplateConversationFormat(format);
    }
}
