using System.Text;
using Swarm.Gguf;
using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>Reads the tokenizer in a GGUF file's metadata: <c>tokenizer.ggml.*</c>.</summary>
internal sealed class GgufVocabulary
{
    private const string Prefix = "tokenizer.ggml.";
    private const string Space = "\u2581";

    private static readonly string[] _ends = ["eos", "eot", "eom"];

    private readonly string _file;
    private readonly GgufMetadata _metadata;
    private readonly string[] _texts;
    private readonly GgufTokenKind[] _kinds;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    private GgufVocabulary(GgufFile file)
    {
        (_file, _metadata) = (file.Path, file.Metadata);
        _texts = _metadata.Require($"{Prefix}tokens").AsTexts();
        if (_texts.Length is 0 or > TokenizerRules.MaxTokens)
        {
            throw Fault("tokens", $"has {_texts.Length} tokens; 1 to {TokenizerRules.MaxTokens} are supported");
        }

        _kinds = ReadKinds();
        for (var id = 0; id < _texts.Length; id++)
        {
            if (_texts[id].Length is 0 or > AddedToken.MaxLength)
            {
                throw Fault("tokens", $"has token {id} of {_texts[id].Length} characters; 1 to {AddedToken.MaxLength} are supported");
            }

            if (!_ids.TryAdd(_texts[id], id))
            {
                throw Fault("tokens", $"has '{_texts[id]}' as tokens {_ids[_texts[id]]} and {id}; each text once is supported");
            }
        }
    }

    /// <summary>Reads an open file's tokenizer.</summary>
    public static TokenizerRules Read(GgufFile file) => new GgufVocabulary(file).ReadRules();

    /// <summary>Tokens at which a model ends: <c>eos</c>, <c>eot</c> and <c>eom</c>.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="vocabularySize">Ids are below it.</param>
    public static IEnumerable<int> ReadEndTokens(GgufFile file, int vocabularySize) => _ends
        .Select(name => ReadToken(file, name, vocabularySize))
        .OfType<int>();

    /// <summary>The id of a token that a key such as <c>tokenizer.ggml.bos_token_id</c> names.</summary>
    /// <returns><see langword="null"/> where the file does not say.</returns>
    public static int? ReadToken(GgufFile file, string name, int vocabularySize)
    {
        var key = $"{Prefix}{name}_token_id";
        return file.Metadata.Find(key)?.AsInteger() switch
        {
            null => null,
            var id when id >= 0 && id < vocabularySize => (int)id,
            var id => throw new TextFormatException($"{file.Path}: key '{key}' is {id}; 0 to {vocabularySize - 1} are tokens. Convert the model again."),
        };
    }

    private TokenizerRules ReadRules() => _metadata.Require($"{Prefix}model").AsText() switch
    {
        "gpt2" => ReadByteLevel(),
        "llama" => ReadScored(),
        var other => throw Fault("model", $"is '{other}', which is not supported: gpt2 (byte-level BPE) and llama (SentencePiece BPE) are"),
    };

    private TokenizerRules ReadByteLevel()
    {
        var name = _metadata.Find($"{Prefix}pre")?.AsText() ?? throw Fault("pre", $"is missing, and says how text is cut; known are {GgufPatterns.Names}");
        var patterns = GgufPatterns.Find(name) ?? throw Fault("pre", $"is '{name}', which is not supported; known are {GgufPatterns.Names}. Use the model's tokenizer.json");
        RequireAlphabet();
        using var digest = new TokenizerDigest();
        var (tokens, added, steps) = (ReadTokens(ByteLevelBytes), ReadAdded(), patterns.ToSteps());
        digest.Add(tokens, added, [], steps, isByteLevel: true);
        digest.Add($"ranked -1 False False {patterns.IgnoresMerges}");
        return new TokenizerRules
        {
            Tokens = tokens,
            Added = added,
            Normalizers = [],
            Steps = steps,
            IsByteLevel = true,
            Model = new RankedBpe(OrdinaryTokens(), ReadMerges(digest), bytes: null, unknown: -1, fusesUnknown: false, patterns.IgnoresMerges),
            StripsSpaces = 0,
            BeginTokens = ReadBeginTokens(patterns.AddsBegin),
            Identity = digest.ToIdentity(),
        };
    }

    private TokenizerRules ReadScored()
    {
        RefuseFlag("remove_extra_whitespaces");
        if (_metadata.Find($"{Prefix}precompiled_charsmap") is { Count: > 0 })
        {
            throw Fault("precompiled_charsmap", "is not supported with the model llama; use the model's tokenizer.json");
        }

        var addsSpace = _metadata.Find($"{Prefix}add_space_prefix")?.AsFlag() ?? true;
        List<TextNormalizer> normalizers = addsSpace
            ? [new PrependNormalizer(Space), new ReplaceNormalizer(" ", Space)]
            : [new ReplaceNormalizer(" ", Space)];
        using var digest = new TokenizerDigest();
        var (tokens, added, ranks) = (ReadTokens(ScoredBytes), ReadAdded(), ReadRanks());
        digest.Add(tokens, added, normalizers, [], isByteLevel: false);
        digest.Add("scored");
        foreach (var rank in ranks)
        {
            digest.Add(rank);
        }

        return new TokenizerRules
        {
            Tokens = tokens,
            Added = added,
            Normalizers = normalizers,
            Steps = [],
            IsByteLevel = false,
            Model = new ScoredBpe(OrdinaryTokens(), ranks, ReadBytes()),
            StripsSpaces = addsSpace ? 1 : 0,
            BeginTokens = ReadBeginTokens(byDefault: true),
            Identity = digest.ToIdentity(),
        };
    }

    private GgufTokenKind[] ReadKinds()
    {
        if (_metadata.Find($"{Prefix}token_type") is not { } value)
        {
            throw Fault("token_type", "is missing, and says which tokens are special. Convert the model again");
        }

        var numbers = value.AsIntegers();
        if (numbers.Length != _texts.Length)
        {
            throw Fault("token_type", $"has {numbers.Length} elements for {_texts.Length} tokens");
        }

        return Array.ConvertAll(numbers, number => number is >= (long)GgufTokenKind.Normal and <= (long)GgufTokenKind.Byte
            ? (GgufTokenKind)number
            : throw Fault("token_type", $"has {number}; 1 (normal) to 6 (byte) are supported"));
    }

    private VocabularyToken[] ReadTokens(Func<int, byte[]> bytesOf)
    {
        var tokens = new VocabularyToken[_texts.Length];
        for (var id = 0; id < tokens.Length; id++)
        {
            var isSpecial = _kinds[id] is GgufTokenKind.Control or GgufTokenKind.Unknown;
            tokens[id] = new VocabularyToken(_texts[id], isSpecial ? [] : bytesOf(id), isSpecial);
        }

        return tokens;
    }

    private byte[] ByteLevelBytes(int id) =>
        (_kinds[id] == GgufTokenKind.UserDefined ? null : ByteAlphabet.TryRead(_texts[id])) ?? Encoding.UTF8.GetBytes(_texts[id]);

    private byte[] ScoredBytes(int id) => _kinds[id] switch
    {
        GgufTokenKind.Byte => ByteToken.TryRead(_texts[id], out var value)
            ? [value]
            : throw Fault("tokens", $"has '{_texts[id]}' as token {id} of type byte; <0x00> to <0xFF> are supported"),
        GgufTokenKind.UserDefined => Encoding.UTF8.GetBytes(_texts[id]),
        _ => Encoding.UTF8.GetBytes(_texts[id].Replace(Space, " ", StringComparison.Ordinal)),
    };

    private List<AddedToken> ReadAdded() => [.. Enumerable.Range(0, _texts.Length)
        .Where(id => _kinds[id] is GgufTokenKind.Control or GgufTokenKind.Unknown or GgufTokenKind.UserDefined)
        .Select(id => new AddedToken(id, _texts[id], IsSpecial: _kinds[id] != GgufTokenKind.UserDefined))];

    private Dictionary<string, int> OrdinaryTokens() => _ids
        .Where(token => _kinds[token.Value] is not (GgufTokenKind.Control or GgufTokenKind.Unknown or GgufTokenKind.Byte))
        .ToDictionary(StringComparer.Ordinal);

    private bool IsOrdinary(int id) => _kinds[id] is not (GgufTokenKind.Control or GgufTokenKind.Unknown);

    private void RequireAlphabet()
    {
        for (var value = 0; value < 256; value++)
        {
            var text = ByteAlphabet.Of((byte)value).ToString();
            if (!_ids.TryGetValue(text, out var id) || !IsOrdinary(id))
            {
                throw Fault("tokens", $"has no ordinary token '{text}' for byte 0x{value:X2}, so that text would be lost; all 256 are needed");
            }
        }
    }

    private int[] ReadBytes()
    {
        var bytes = new int[256];
        for (var value = 0; value < bytes.Length; value++)
        {
            var text = ByteToken.Of(value);
            if (!_ids.TryGetValue(text, out bytes[value]) || _kinds[bytes[value]] != GgufTokenKind.Byte)
            {
                throw Fault("tokens", $"has no token '{text}' of type byte, so that text would be lost; all 256 are needed");
            }
        }

        return bytes;
    }

    private Dictionary<long, (int Rank, int Token)> ReadMerges(TokenizerDigest digest)
    {
        var merges = new Dictionary<long, (int, int)>();
        var lines = _metadata.Require($"{Prefix}merges").AsTexts();
        for (var rank = 0; rank < lines.Length; rank++)
        {
            var space = lines[rank].IndexOf(' ', 1 < lines[rank].Length ? 1 : 0);
            var (left, right) = space > 0 ? (lines[rank][..space], lines[rank][(space + 1)..]) : ("", "");
            if (!_ids.TryGetValue(left, out var leftId) || !_ids.TryGetValue(right, out var rightId) || !_ids.TryGetValue(left + right, out var token))
            {
                throw Fault("merges", $"has '{lines[rank]}' as merge {rank}; two tokens with a space between them are supported, which together are a token too");
            }

            digest.Add(leftId);
            digest.Add(rightId);
            if (IsOrdinary(leftId) && IsOrdinary(rightId) && IsOrdinary(token)) // As in TokenizerJson.
            {
                merges[RankedBpe.Key(leftId, rightId)] = (rank, token);
            }
        }

        return merges;
    }

    /// <summary>Scores as ranks: the highest is 0, and equal ones are equal.</summary>
    private int[] ReadRanks()
    {
        var scores = _metadata.Require($"{Prefix}scores").AsNumbers();
        if (scores.Length != _texts.Length || scores.Any(double.IsNaN))
        {
            throw Fault("scores", $"has {scores.Length} elements, {scores.Count(double.IsNaN)} of them no number, for {_texts.Length} tokens");
        }

        var order = scores.Distinct().OrderDescending().ToArray();
        var ranks = new Dictionary<double, int>(order.Length);
        for (var rank = 0; rank < order.Length; rank++)
        {
            ranks.Add(order[rank], rank);
        }

        return Array.ConvertAll(scores, score => ranks[score]);
    }

    private List<int> ReadBeginTokens(bool byDefault)
    {
        if (!(_metadata.Find($"{Prefix}add_bos_token")?.AsFlag() ?? byDefault))
        {
            return [];
        }

        var id = _metadata.Find($"{Prefix}bos_token_id")?.AsInteger() ?? throw Fault("bos_token_id", "is missing, and a text begins with it");
        return id >= 0 && id < _texts.Length ? [(int)id] : throw Fault("bos_token_id", $"is {id}; 0 to {_texts.Length - 1} are tokens");
    }

    private void RefuseFlag(string name)
    {
        if (_metadata.Find($"{Prefix}{name}")?.AsFlag() == true)
        {
            throw Fault(name, "is true, which is not supported with the model llama; use the model's tokenizer.json");
        }
    }

    private TextFormatException Fault(string key, string fault) => new($"{_file}: key '{Prefix}{key}' {fault}.");
}

/// <summary>What a token is; the numbers are those of <c>tokenizer.ggml.token_type</c>.</summary>
internal enum GgufTokenKind
{
    /// <summary>Text.</summary>
    Normal = 1,

    /// <summary>What has no other token.</summary>
    Unknown = 2,

    /// <summary>Of the model's control language.</summary>
    Control = 3,

    /// <summary>Text that is looked for before all else.</summary>
    UserDefined = 4,

    /// <summary>Not used.</summary>
    Unused = 5,

    /// <summary>A byte.</summary>
    Byte = 6,
}
