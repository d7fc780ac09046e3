using Swarm.Text.Templates;

namespace Swarm;

/// <summary>A model's own chat template: the part of Jinja that such templates use, in a sandbox. Thread-safe.</summary>
/// <remarks>
/// <para>
/// It is rendered as transformers does it: <c>trim_blocks</c> and <c>lstrip_blocks</c> are on, and <c>messages</c>, <c>add_generation_prompt</c>,
/// <c>raise_exception</c> and <c>strftime_now</c> are there. README.md of this project lists what is supported; all else is refused by
/// <see cref="Parse"/>, with line and column.
/// </para>
/// <para>
/// A template comes with a model from anywhere. It reaches nothing but the values that it is given, and one that loops, recurses or makes text without
/// end is stopped with an error.
/// </para>
/// </remarks>
public sealed class ChatTemplate
{
    private static readonly string[] _own = ["messages", "add_generation_prompt"];

    private readonly TemplateSource _source;
    private readonly BlockStatement _body;
    private readonly TimeProvider _time;

    private ChatTemplate(TemplateSource source, TimeProvider time) => (_source, _body, _time) = (source, TemplateParser.Read(source), time);

    /// <summary>Where the template comes from, for messages.</summary>
    public string Source => _source.Name;

    /// <summary>The template's own text.</summary>
    public string Text => _source.Text;

    internal TimeProvider Time => _time;

    /// <summary>Parses a template.</summary>
    /// <param name="text">The template, at most 1,048,576 characters.</param>
    /// <param name="source">Where it comes from, such as a file and a key in it; for messages.</param>
    /// <param name="time">What <c>strftime_now</c> tells the local time by; <see langword="null"/> for the system's.</param>
    /// <returns>The template.</returns>
    /// <exception cref="TextFormatException">It is malformed, or has what is not supported; the message has line and column, and what is.</exception>
    public static ChatTemplate Parse(string text, string source, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(new TemplateSource(text, source), time ?? TimeProvider.System);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the model's answer begins.</param>
    /// <param name="variables">
    /// Further variables, such as <c>bos_token</c>, <c>tools</c> or <c>enable_thinking</c>: texts, numbers, booleans, lists, dictionaries by text,
    /// <see cref="System.Text.Json.JsonElement"/>.
    /// </param>
    /// <returns>The text.</returns>
    /// <exception cref="TextFormatException">The template refuses the conversation, fails, or takes more than a conversation needs.</exception>
    /// <exception cref="ArgumentException">A variable is of another type, or is <c>messages</c> or <c>add_generation_prompt</c>.</exception>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        Render(turns, addGenerationPrompt, variables, [], _time.GetLocalNow()).Value;

    internal MarkedText Render(
        IReadOnlyList<ChatTurn> turns,
        bool addGenerationPrompt,
        IReadOnlyDictionary<string, object?>? variables,
        ReadOnlySpan<(string Name, string Value)> trusted,
        DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(turns);
        var scope = new TemplateScope(null);
        TemplateFunctions.AddTo(scope);
        foreach (var (name, value) in trusted)
        {
            scope.Set(name, MarkedText.Trusted(value));
        }

        foreach (var (name, value) in variables ?? new Dictionary<string, object?>())
        {
            if (_own.Contains(name) || TemplateFunctions.IsKnown(name))
            {
                throw new ArgumentException($"The variable '{name}' is the template's own; give it another name.", nameof(variables));
            }

            scope.Set(name, TemplateVariables.Of(value, name));
        }

        scope.Set("messages", TemplateVariables.Of(turns));
        scope.Set("add_generation_prompt", addGenerationPrompt);
        var context = new RenderContext(_source, now);
        return context.Capture(() => _body.Run(context, new TemplateScope(scope)));
    }
}
