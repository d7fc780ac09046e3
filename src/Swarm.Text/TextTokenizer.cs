namespace Swarm;

/// <summary>A model's tokenizer, from its checkpoint directory or its GGUF file.</summary>
public sealed class TextTokenizer : ITextTokenizer
{
    private TextTokenizer() => throw new NotSupportedException();

    /// <inheritdoc/>
    public string Identity { get; } = "";

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> BeginTokens { get; } = [];

    /// <inheritdoc/>
    public IReadOnlySet<int> EndTokens { get; } = new HashSet<int>();

    /// <summary>Loads the tokenizer of a checkpoint directory (<c>tokenizer.json</c> and what is beside it), or of a <c>.gguf</c> file.</summary>
    /// <exception cref="TextFormatException">Malformed or not supported.</exception>
    public static TextTokenizer Load(string path) => new();

    /// <inheritdoc/>
    public int[] Encode(string text, bool parseSpecial = false) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder() => throw new NotSupportedException();

    /// <summary>Decodes a whole text.</summary>
    public string Decode(IEnumerable<int> tokens) => throw new NotSupportedException();

    /// <summary>The id of the token with that name, such as <c>&lt;|im_end|&gt;</c>.</summary>
    public int? FindToken(string name) => throw new NotSupportedException();

    /// <summary>Whether a token is a special one, which gives no text.</summary>
    public bool IsSpecial(int token) => throw new NotSupportedException();
}
