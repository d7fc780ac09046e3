using System.Text;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Swarm.Text.Tests.Tokens;

/// <summary>llama.cpp's tokenizer on the vocabulary of a GGUF file: the second implementation that nobody here wrote.</summary>
internal sealed class LlamaCppTokenizer : IDisposable
{
    // Characters that Unicode 16 added. llama.cpp's tables are older, so that these are of no category there, and text is cut otherwise around them.
    // All other code points were compared one by one, with the patterns of gpt-2, qwen2 and qwen35: none differs.
    private static readonly (int First, int Last)[] _unicode16 =
    [
        (0x0897, 0x0897), (0x1B4E, 0x1B4F), (0x1B7F, 0x1B7F), (0x1C89, 0x1C8A), (0x2427, 0x2429), (0x31E4, 0x31E5), (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC),
        (0x105C0, 0x105FF), (0x10D40, 0x10D8F), (0x10EC2, 0x10EC4), (0x10EFC, 0x10EFC), (0x11380, 0x113FF), (0x116D0, 0x116FF), (0x11BC0, 0x11BFF),
        (0x11F5A, 0x11F5A), (0x13460, 0x143FF), (0x16100, 0x1613F), (0x16D40, 0x16D7F), (0x18CFF, 0x18CFF), (0x1CC00, 0x1CEBF), (0x1E5D0, 0x1E5FF),
        (0x1F8B2, 0x1F8BB), (0x1F8C0, 0x1F8C1), (0x1FA89, 0x1FA89), (0x1FA8F, 0x1FA8F), (0x1FABE, 0x1FABE), (0x1FAC6, 0x1FAC6), (0x1FADC, 0x1FADC),
        (0x1FADF, 0x1FADF), (0x1FAE9, 0x1FAE9), (0x1FBCB, 0x1FBEF),
    ];

    private readonly LLamaWeights _weights;

    /// <summary>Loads a file's vocabulary; it needs no weights.</summary>
    public LlamaCppTokenizer(string file)
    {
        NativeLogConfig.llama_log_set(static (_, _) => { });
        _weights = LLamaWeights.LoadFromFile(new ModelParams(file) { VocabOnly = true });
    }

    /// <summary>Encodes a text, without the tokens that begin one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parseSpecial">Whether special tokens are found in it.</param>
    public int[] Encode(string text, bool parseSpecial) => text.Length == 0
        ? []
        : Array.ConvertAll(_weights.NativeHandle.Tokenize(text, addBos: false, parseSpecial, Encoding.UTF8), token => (int)token);

    /// <summary>A text without what llama.cpp reads otherwise: characters that its Unicode does not know, and ſ, an s to <c>(?i:'s)</c> everywhere else.</summary>
    public static string Known(string text) => string.Concat(
        text.Replace('ſ', 'x').EnumerateRunes().Select(rune => _unicode16.Any(range => rune.Value >= range.First && rune.Value <= range.Last) ? "x" : rune.ToString()));

    public void Dispose() => _weights.Dispose();
}
