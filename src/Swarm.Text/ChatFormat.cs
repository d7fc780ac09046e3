using Swarm.Text.Loading;
using Swarm.Text.Templates;
using Swarm.Text.Tokens;

namespace Swarm;

/// <summary>How a model wants its conversations: its tokenizer and its chat template. Thread-safe.</summary>
/// <remarks>
/// Special tokens come from the template alone. What is said in a conversation, the names of roles and all further variables are marked, and the marks go with
/// each character through the template: through slices, filters, joins and JSON. Text that is marked never becomes a special token, nor a part of one,
/// so that a user who writes <c>&lt;|im_end|&gt;</c> has said just that. In all else the tokens are those of the whole rendered text.
/// </remarks>
public sealed class ChatFormat
{
    private const string Assistant = "assistant";

    private readonly (string Name, string Value)[] _trusted;

    /// <summary>Puts a tokenizer and a template together.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="template">The template.</param>
    /// <param name="beginText">The template's variable <c>bos_token</c>, such as <c>&lt;s&gt;</c>.</param>
    /// <param name="endText">The template's variable <c>eos_token</c>.</param>
    public ChatFormat(TextTokenizer tokenizer, ChatTemplate template, string beginText = "", string endText = "")
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(beginText);
        ArgumentNullException.ThrowIfNull(endText);
        (Tokenizer, Template) = (tokenizer, template);
        _trusted = [("bos_token", beginText), ("eos_token", endText)];
    }

    /// <summary>The tokenizer.</summary>
    public TextTokenizer Tokenizer { get; }

    /// <summary>The template.</summary>
    public ChatTemplate Template { get; }

    /// <summary>Loads what comes with a model.</summary>
    /// <param name="path">
    /// A checkpoint directory, with the template in <c>chat_template.jinja</c> or in tokenizer_config.json, or a <c>.gguf</c> file. Of several templates the one
    /// that is called <c>default</c> is taken.
    /// </param>
    /// <returns>Tokenizer and template.</returns>
    /// <exception cref="TextFormatException">There is no template, or a file is malformed, or says what is not supported; the message says where.</exception>
    /// <exception cref="IOException">There is no such directory or file, or it cannot be read.</exception>
    public static ChatFormat Load(string path)
    {
        var model = TextOfModel.Read(path);
        var (text, source) = model.Template ?? throw new TextFormatException(
            $"{path} has no chat template: neither chat_template.jinja nor chat_template in tokenizer_config.json, nor tokenizer.chat_template in a GGUF file. "
            + "Base models have none: use an instruct model, or give a template to ChatTemplate.Parse.");
        return new ChatFormat(new TextTokenizer(model), ChatTemplate.Parse(text, source), model.BeginText, model.EndText);
    }

    /// <summary>Renders a conversation as text, with <c>bos_token</c> and <c>eos_token</c> set.</summary>
    /// <inheritdoc cref="ChatTemplate.Render(IReadOnlyList{ChatTurn}, bool, IReadOnlyDictionary{string, object?}?)"/>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        Marked(turns, addGenerationPrompt, variables, Template.Time.GetLocalNow()).Value;

    /// <summary>Renders a conversation and encodes it. The template has written BOS, where the model wants one: nothing is added.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="addGenerationPrompt">Whether the tokens end where the model's answer begins.</param>
    /// <param name="variables">Further variables of the template.</param>
    /// <returns>Token ids.</returns>
    /// <exception cref="TextFormatException">The template refuses the conversation, fails, or takes more than a conversation needs.</exception>
    /// <exception cref="ArgumentException">A variable is of a type that is not supported.</exception>
    public int[] Encode(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables = null) =>
        EncodeMarked(Marked(turns, addGenerationPrompt, variables, Template.Time.GetLocalNow()), isBegin: true);

    /// <summary>
    /// Encodes what follows a conversation that a context holds already, when turns are added and the model is to answer. Nothing that the context holds is
    /// encoded again: what is appended goes on behind the tokens that the model itself has chosen.
    /// </summary>
    /// <remarks>
    /// The context is taken to hold the rendering of <paramref name="turnsBefore"/>; where the last of them is the model's answer (role
    /// <c>assistant</c>), the rendering of those before it with the generation prompt, the answer's tokens, and <paramref name="endToken"/>. White space
    /// around the answer may differ: some templates take it away, or put a space before it.
    /// </remarks>
    /// <param name="turnsBefore">The conversation in the context.</param>
    /// <param name="newTurns">What is added.</param>
    /// <param name="endToken">End token with which the answer ended and that the context holds; <see langword="null"/> if it ended otherwise.</param>
    /// <param name="tokens">Tokens to append, up to and with the generation prompt; empty where the answer is <see langword="false"/>.</param>
    /// <param name="variables">Further variables of the template, the same as before.</param>
    /// <returns>
    /// <see langword="false"/> where the rendering of all turns does not begin with that of those before: some templates drop an earlier answer's
    /// thinking, or move the system's text to the last turn. Then rewind, and append what <see cref="Encode"/> gives from the first token that differs.
    /// </returns>
    /// <exception cref="TextFormatException">The template refuses the conversation, fails, or takes more than a conversation needs.</exception>
    /// <exception cref="ArgumentException">A variable is of a type that is not supported.</exception>
    public bool TryEncodeContinuation(
        IReadOnlyList<ChatTurn> turnsBefore,
        IReadOnlyList<ChatTurn> newTurns,
        int? endToken,
        out int[] tokens,
        IReadOnlyDictionary<string, object?>? variables = null)
    {
        ArgumentNullException.ThrowIfNull(turnsBefore);
        ArgumentNullException.ThrowIfNull(newTurns);
        tokens = [];
        var now = Template.Time.GetLocalNow(); // One time for both renderings.
        var all = Marked([.. turnsBefore, .. newTurns], addGenerationPrompt: true, variables, now);
        var hasAnswer = turnsBefore.Count > 0 && turnsBefore[^1].Role == Assistant;
        var before = Marked(hasAnswer ? [.. turnsBefore.SkipLast(1)] : turnsBefore, addGenerationPrompt: hasAnswer, variables, now).Value;
        if (!all.Value.StartsWith(before, StringComparison.Ordinal))
        {
            return false;
        }

        var end = hasAnswer ? EndOfAnswer(all.Value, before.Length, turnsBefore[^1].Content) : before.Length;
        if (end < 0)
        {
            return false;
        }

        var rest = all.Slice(end, all.Value.Length - end);
        var encoded = EncodeMarked(rest, isBegin: false);
        tokens = hasAnswer && endToken is { } held && encoded.Length > 0 && encoded[0] == held ? encoded[1..] : encoded;
        return true;
    }

    /// <summary>Where an answer ends in a rendering.</summary>
    /// <returns>The index behind it, or -1 where it is not there.</returns>
    private static int EndOfAnswer(string rendering, int start, string answer)
    {
        while (start < rendering.Length && char.IsWhiteSpace(rendering[start]) && !rendering.AsSpan(start).StartsWith(answer, StringComparison.Ordinal))
        {
            start++;
        }

        foreach (var text in new[] { answer, answer.TrimStart(), answer.Trim() })
        {
            if (rendering.AsSpan(start).StartsWith(text, StringComparison.Ordinal))
            {
                return start + text.Length;
            }
        }

        return -1;
    }

    private MarkedText Marked(
        IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt, IReadOnlyDictionary<string, object?>? variables, DateTimeOffset now) =>
        Template.Render(turns, addGenerationPrompt, variables, _trusted, now);

    private int[] EncodeMarked(MarkedText text, bool isBegin)
    {
        var untrusted = new bool[text.Value.Length];
        foreach (var (start, end) in text.Marks)
        {
            untrusted.AsSpan(start, end - start).Fill(true);
        }

        return Tokenizer.Encode(text.Value, new TextTrust(true, untrusted), isBegin);
    }
}
