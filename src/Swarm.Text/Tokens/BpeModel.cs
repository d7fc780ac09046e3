using System.Buffers;
using System.Text;

namespace Swarm.Text.Tokens;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016, "Neural machine translation of rare words with subword units"): a word's symbols are merged two by two, the
/// pair of the lowest rank first, of equal ones the leftmost.
/// </summary>
/// <remarks>A queue of pairs makes a word of n characters cost n log n, however hostile it is. Thread-safe; what a call needs is in <see cref="Work"/>.</remarks>
internal abstract class BpeModel
{
    private const int NoToken = -1;

    private readonly Dictionary<int, int> _symbols = [];
    private readonly int[]? _bytes;
    private readonly bool _fusesUnknown;

    /// <summary>Makes what all byte-pair encodings have.</summary>
    /// <param name="tokens">Tokens that text may become, by their text; special ones are not among them.</param>
    /// <param name="bytes">The tokens of the 256 bytes, for characters that have no token; <see langword="null"/> where there are none.</param>
    /// <param name="unknown">The token of what has no other; -1 where there is none.</param>
    /// <param name="fusesUnknown">Whether several unknown characters become one such token.</param>
    protected BpeModel(Dictionary<string, int> tokens, int[]? bytes, int unknown, bool fusesUnknown)
    {
        (Tokens, _bytes, Unknown, _fusesUnknown) = (tokens, bytes, unknown, fusesUnknown);
        foreach (var (text, token) in tokens)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var length) == OperationStatus.Done && length == text.Length)
            {
                _symbols.Add(rune.Value, token);
            }
        }
    }

    /// <summary>Tokens that text may become.</summary>
    protected Dictionary<string, int> Tokens { get; }

    /// <summary>The token of what has no other; -1 where there is none.</summary>
    protected int Unknown { get; }

    /// <summary>Encodes a word.</summary>
    /// <param name="word">The word; the empty one gives nothing.</param>
    /// <param name="work">Buffers of this call's thread.</param>
    /// <param name="output">Receives the tokens.</param>
    public void Encode(ReadOnlySpan<char> word, Work work, List<int> output)
    {
        if (WholeWord(word) is var whole and not NoToken)
        {
            output.Add(whole);
            return;
        }

        if (word.IsEmpty)
        {
            return;
        }

        ReadSymbols(word, work);
        for (var index = 0; index + 1 < work.Symbols.Count; index++)
        {
            Enqueue(word, work, index, index + 1);
        }

        while (work.Queue.TryDequeue(out var pair, out _))
        {
            var (left, right) = (work.Symbols[pair.Left], work.Symbols[pair.Right]);
            if (left.Version != pair.LeftVersion || right.Version != pair.RightVersion)
            {
                continue; // One of them was merged since.
            }

            work.Symbols[pair.Left] = left with { Length = left.Length + right.Length, Token = pair.Token, Next = right.Next, Version = left.Version + 1 };
            work.Symbols[pair.Right] = right with { Version = -1 };
            if (right.Next >= 0)
            {
                work.Symbols[right.Next] = work.Symbols[right.Next] with { Previous = pair.Left };
                Enqueue(word, work, pair.Left, right.Next);
            }

            if (left.Previous >= 0)
            {
                Enqueue(word, work, left.Previous, pair.Left);
            }
        }

        var unknownBefore = false;
        for (var index = 0; index >= 0; index = work.Symbols[index].Next)
        {
            var symbol = work.Symbols[index];
            unknownBefore = symbol.Token == NoToken ? AddUnknown(word.Slice(symbol.Start, symbol.Length), unknownBefore, output) : Add(symbol.Token, output);
        }
    }

    /// <summary>What two neighbours merge to.</summary>
    /// <param name="left">Token of the left one; -1 for a character without one.</param>
    /// <param name="right">Token of the right one; -1 for a character without one.</param>
    /// <param name="both">Text of both.</param>
    /// <param name="rank">Rank of the merge: the lowest goes first. 0 to 2^31 - 1.</param>
    /// <returns>The token that they merge to; -1 where they do not.</returns>
    protected abstract int Merge(int left, int right, ReadOnlySpan<char> both, out int rank);

    /// <summary>The token of a whole word, where a model looks for it before all merges; else -1.</summary>
    protected virtual int WholeWord(ReadOnlySpan<char> word) => NoToken;

    private static bool Add(int token, List<int> output)
    {
        output.Add(token);
        return false;
    }

    private void ReadSymbols(ReadOnlySpan<char> word, Work work)
    {
        work.Symbols.Clear();
        for (var start = 0; start < word.Length;)
        {
            _ = Rune.DecodeFromUtf16(word[start..], out var rune, out var length);
            var index = work.Symbols.Count;
            work.Symbols.Add(new Symbol(
                start, length, _symbols.GetValueOrDefault(rune.Value, NoToken), index - 1, start + length < word.Length ? index + 1 : -1, Version: 0));
            start += length;
        }
    }

    private void Enqueue(ReadOnlySpan<char> word, Work work, int left, int right)
    {
        var (a, b) = (work.Symbols[left], work.Symbols[right]);
        var token = Merge(a.Token, b.Token, word.Slice(a.Start, a.Length + b.Length), out var rank);
        if (token != NoToken)
        {
            work.Queue.Enqueue(new Pair(left, right, a.Version, b.Version, token), ((long)rank << 32) | (uint)left);
        }
    }

    /// <returns>Whether an unknown token stands last.</returns>
    private bool AddUnknown(ReadOnlySpan<char> symbol, bool unknownBefore, List<int> output)
    {
        if (_bytes is not null)
        {
            Span<byte> utf8 = stackalloc byte[4];
            _ = Rune.DecodeFromUtf16(symbol, out var rune, out _);
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                output.Add(_bytes[value]);
            }

            return false;
        }

        if (!unknownBefore || !_fusesUnknown)
        {
            output.Add(Unknown);
        }

        return true;
    }

    /// <summary>Buffers of one call.</summary>
    internal sealed class Work
    {
        public List<Symbol> Symbols { get; } = [];

        public PriorityQueue<Pair, long> Queue { get; } = new();
    }

    /// <summary>A part of the word; version -1 once it was merged into the one before it.</summary>
    internal readonly record struct Symbol(int Start, int Length, int Token, int Previous, int Next, int Version);

    /// <summary>Two neighbours that may be merged, as long as both have the versions that they had.</summary>
    internal readonly record struct Pair(int Left, int Right, int LeftVersion, int RightVersion, int Token);
}

/// <summary>Byte-pair encoding by a list of merges, as tokenizer.json and GGUF's <c>gpt2</c> have it.</summary>
/// <param name="tokens">Tokens that text may become.</param>
/// <param name="merges">Rank and result of each pair, by <see cref="Key"/>.</param>
/// <param name="bytes">The tokens of the 256 bytes; <see langword="null"/> where there are none.</param>
/// <param name="unknown">The token of what has no other; -1 where there is none.</param>
/// <param name="fusesUnknown">Whether several unknown characters become one such token.</param>
/// <param name="ignoresMerges">Whether a word that is a token becomes it before all merges.</param>
internal sealed class RankedBpe(
    Dictionary<string, int> tokens, Dictionary<long, (int Rank, int Token)> merges, int[]? bytes, int unknown, bool fusesUnknown, bool ignoresMerges)
    : BpeModel(tokens, bytes, unknown, fusesUnknown)
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _words = tokens.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>A pair of tokens in one number, spread by an odd factor so that its halves make a good hash code.</summary>
    public static long Key(int left, int right) => unchecked((((long)left << 32) | (uint)right) * (long)0x9E3779B97F4A7C15);

    protected override int Merge(int left, int right, ReadOnlySpan<char> both, out int rank)
    {
        var found = merges.TryGetValue(Key(left, right), out var merge);
        rank = merge.Rank;
        return found ? merge.Token : -1;
    }

    protected override int WholeWord(ReadOnlySpan<char> word) => ignoresMerges && _words.TryGetValue(word, out var token) ? token : -1;
}

/// <summary>Byte-pair encoding by scores (Kudo and Richardson 2018, "SentencePiece"), as GGUF's <c>llama</c> has it: any two neighbours merge that are a token.</summary>
/// <param name="tokens">Tokens that text may become.</param>
/// <param name="ranks">Rank of each token: the lower, the higher its score; equal scores have equal ranks.</param>
/// <param name="bytes">The tokens of the 256 bytes.</param>
internal sealed class ScoredBpe(Dictionary<string, int> tokens, int[] ranks, int[] bytes) : BpeModel(tokens, bytes, unknown: -1, fusesUnknown: false)
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _texts = tokens.GetAlternateLookup<ReadOnlySpan<char>>();
    private readonly int _longest = tokens.Keys.Select(text => text.Length).DefaultIfEmpty().Max();

    protected override int Merge(int left, int right, ReadOnlySpan<char> both, out int rank)
    {
        if (both.Length <= _longest && _texts.TryGetValue(both, out var token))
        {
            rank = ranks[token];
            return token;
        }

        rank = 0;
        return -1;
    }
}
