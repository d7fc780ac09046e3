using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Swarm.Text.Loading;
using Swarm.Text.Tokens;

namespace Swarm;

/// <summary>A model's tokenizer, from its checkpoint directory or its GGUF file: byte-pair encodings, byte-level or with byte tokens. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Text becomes the tokens that Hugging Face's tokenizers make of it, and text that a GGUF file's vocabulary encodes those of llama.cpp. Text that is
/// decoded again is the same, but for what the tokenizer itself drops: a normalizer's changes, a space that it puts before a text, and surrogates
/// without their other half, which are encoded as U+FFFD. What transformers calls <c>clean_up_tokenization_spaces</c> is not done.
/// </para>
/// <para>
/// What a file says is honoured or refused by name: README.md of this project lists both. Tokens that are not special, such as
/// <c>&lt;think&gt;</c> of Qwen3, are found in any text, as in both of the above.
/// </para>
/// </remarks>
public sealed class TextTokenizer : ITextTokenizer
{
    private readonly TokenizerRules _rules;
    private readonly TokenEncoder _encoder;
    private readonly FrozenDictionary<string, int> _ids;

    internal TextTokenizer(TextOfModel model)
    {
        _rules = model.Rules;
        _encoder = new TokenEncoder(_rules);
        _ids = Enumerable.Range(0, _rules.Tokens.Length)
            .Where(id => _rules.Tokens[id] is not null)
            .ToFrozenDictionary(id => _rules.Tokens[id]!.Text, StringComparer.Ordinal);
        BeginTokens = [.. _rules.BeginTokens];
        EndTokens = model.EndTokens.ToImmutableHashSet();
    }

    /// <summary>
    /// <c>sha256:</c> and 64 hexadecimal digits: the digest of all that decides which tokens a text becomes. The same rules read from tokenizer.json and
    /// from GGUF may have two: the files do not say the same of a vocabulary.
    /// </summary>
    public string Identity => _rules.Identity;

    /// <inheritdoc/>
    public int VocabularySize => _rules.Tokens.Length;

    /// <summary>
    /// Tokens that begin a text, such as BOS, as <c>add_bos_token</c> or the post-processor has it; empty where the model wants none. A chat template
    /// writes its own: <see cref="ChatFormat.Encode"/> has them already.
    /// </summary>
    public IReadOnlyList<int> BeginTokens { get; }

    /// <summary>
    /// Tokens at which a model ends its text or its turn: what generation_config.json, config.json, tokenizer_config.json and GGUF's <c>eos</c>, <c>eot</c>
    /// and <c>eom</c> name, and <c>&lt;|eot_id|&gt;</c>, <c>&lt;|eom_id|&gt;</c>, <c>&lt;|im_end|&gt;</c>, <c>&lt;end_of_turn&gt;</c> where they are special tokens.
    /// </summary>
    public IReadOnlySet<int> EndTokens { get; }

    /// <summary>Loads what comes with a model.</summary>
    /// <param name="path">A checkpoint directory with <c>tokenizer.json</c> and what is beside it, or a <c>.gguf</c> file.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="TextFormatException">A file is missing in the directory, is malformed, or says what is not supported; the message says where.</exception>
    /// <exception cref="IOException">There is no such directory or file, or it cannot be read.</exception>
    public static TextTokenizer Load(string path) => new(TextOfModel.Read(path));

    /// <inheritdoc/>
    /// <exception cref="TextFormatException">The tokenizer's own pattern takes too long on this text.</exception>
    public int[] Encode(string text, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Encode(text, parseSpecial ? TextTrust.All : TextTrust.None, isBegin: true);
    }

    /// <inheritdoc/>
    public ITokenDecoder CreateDecoder() => new TokenDecoder(_rules.Tokens, _rules.StripsSpaces);

    /// <summary>Decodes a whole text.</summary>
    /// <param name="tokens">Token ids. Special tokens give no text.</param>
    /// <returns>The text, with U+FFFD for bytes that are no character.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public string Decode(IEnumerable<int> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var (decoder, text) = (CreateDecoder(), new StringBuilder());
        foreach (var token in tokens)
        {
            text.Append(decoder.Append(token));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>Finds a token by its name.</summary>
    /// <param name="name">Its text as the vocabulary has it, such as <c>&lt;|im_end|&gt;</c>.</param>
    /// <returns>Its id, or <see langword="null"/> where there is none.</returns>
    public int? FindToken(string name) => _ids.TryGetValue(name, out var id) ? id : null;

    /// <summary>Whether a token is a special one: it gives no text, and comes from trusted text alone.</summary>
    /// <param name="token">A token id.</param>
    /// <returns>Whether it is; <see langword="false"/> where there is no such token.</returns>
    public bool IsSpecial(int token) => (uint)token < (uint)_rules.Tokens.Length && _rules.Tokens[token]?.IsSpecial == true;

    internal string NameOf(int token) => (uint)token < (uint)_rules.Tokens.Length ? _rules.Tokens[token]?.Text ?? "" : "";

    internal int[] Encode(string text, TextTrust trust, bool isBegin) => _encoder.Encode(text, trust, isBegin);
}
