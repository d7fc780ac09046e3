using System.Text;

namespace Swarm.Testing.Models;

/// <summary>A tokenizer whose tokens are the bytes of UTF-8, and the two that begin and end a turn of ChatML.</summary>
public sealed class ByteTokenizer : ITextTokenizer
{
    /// <summary>Begins a turn, <c>&lt;|im_start|&gt;</c>.</summary>
    public const int Start = 256;

    /// <summary>Ends a turn, <c>&lt;|im_end|&gt;</c>.</summary>
    public const int End = 257;

    private static readonly (string Name, int Token)[] _special = [("<|im_start|>", Start), ("<|im_end|>", End)];

    public string Identity => "test:bytes";

    public int VocabularySize => 258;

    public IReadOnlyList<int> BeginTokens => [];

    public IReadOnlySet<int> EndTokens { get; } = new HashSet<int> { End };

    public int[] Encode(string text, bool parseSpecial = false)
    {
        List<int> tokens = [];
        while (text.Length > 0)
        {
            var next = parseSpecial
                ? _special.Select(special => (At: text.IndexOf(special.Name, StringComparison.Ordinal), special.Name, special.Token))
                    .Where(special => special.At >= 0).OrderBy(special => special.At).FirstOrDefault((text.Length, "", -1))
                : (text.Length, "", -1);
            tokens.AddRange(Encoding.UTF8.GetBytes(text[..next.Item1]).Select(value => (int)value));
            tokens.AddRange(next.Item3 < 0 ? [] : [next.Item3]);
            text = text[(next.Item1 + next.Item2.Length)..];
        }

        return [.. tokens];
    }

    public ITokenDecoder CreateDecoder() => new ByteDecoder();

    /// <summary>All of a text at once.</summary>
    public static string Decode(IEnumerable<int> tokens) => Encoding.UTF8.GetString([.. tokens.Where(token => token < Start).Select(token => (byte)token)]);

    private sealed class ByteDecoder : ITokenDecoder
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public string Append(int token) => token < Start ? Take([(byte)token], flush: false) : "";

        public string Flush() => Take([], flush: true);

        private string Take(byte[] bytes, bool flush)
        {
            var chars = new char[8];
            return new string(chars, 0, _decoder.GetChars(bytes, chars, flush));
        }
    }
}
