using Tokenizers.DotNet;

namespace Swarm.Text.Tests.Tokens;

/// <summary>Hugging Face's tokenizers, in Rust: an implementation that nobody here wrote.</summary>
internal sealed class ReferenceTokenizer(string file) : IDisposable
{
    private readonly Tokenizer _tokenizer = new(vocabPath: file);

    /// <summary>Encodes a text, special tokens in it included.</summary>
    public int[] Encode(string text) => text.Length == 0 ? [] : Array.ConvertAll(_tokenizer.Encode(text), token => (int)token);

    /// <summary>Decodes tokens; special ones give nothing.</summary>
    public string Decode(int[] tokens) => tokens.Length == 0 ? "" : _tokenizer.Decode(Array.ConvertAll(tokens, token => (uint)token));

    public void Dispose() => _tokenizer.Dispose();
}
