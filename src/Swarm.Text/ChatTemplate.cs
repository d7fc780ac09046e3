namespace Swarm;

/// <summary>A model's own chat template.</summary>
public sealed class ChatTemplate
{
    private ChatTemplate(string source) => Source = source;

    /// <summary>Where the template comes from, for messages.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    public static ChatTemplate Parse(string text, string source, TimeProvider? time = null) => new(source);

    /// <summary>Renders a conversation.</summary>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        throw new NotSupportedException();
}
