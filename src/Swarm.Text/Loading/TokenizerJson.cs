using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>Reads a tokenizer.json of Hugging Face's tokenizers with a byte-pair encoding.</summary>
internal sealed class TokenizerJson
{
    private const long MaxBytes = 256L << 20;

    private readonly JsonPlace _root;
    private readonly JsonPlace _model;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<AddedToken> _added = [];
    private readonly HashSet<int> _addedIds = [];
    private readonly HashSet<int> _special = [];
    private readonly DecoderJson _decoder;

    private TokenizerJson(JsonPlace root)
    {
        _root = root;
        _model = root.Require("model");
        root.RequireOnly("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        RequireAbsent(root, "truncation", "cuts text");
        RequireAbsent(root, "padding", "adds tokens to a text");
        _decoder = DecoderJson.Read(root.Require("decoder"));
    }

    /// <summary>Reads a file.</summary>
    public static TokenizerRules Read(string file)
    {
        var (document, root) = JsonPlace.Read(file, MaxBytes);
        using (document)
        {
            return new TokenizerJson(root).ReadRules();
        }
    }

    private static void RequireAbsent(JsonPlace place, string name, string does)
    {
        if (place.Find(name) is { } found)
        {
            throw found.Fault($"{does} and is not supported; set it to null");
        }
    }

    private TokenizerRules ReadRules()
    {
        RequireModel();
        var tokens = ReadTokens();
        var normalizers = NormalizerJson.Read(_root.Find("normalizer"));
        var (steps, isByteLevel) = PreTokenizerJson.Read(_root.Find("pre_tokenizer"));
        if (isByteLevel != _decoder.IsByteLevel)
        {
            throw _root.Require("decoder").Fault("does not fit the pre-tokenizer: ByteLevel is supported in both or in neither");
        }

        using var digest = new TokenizerDigest();
        digest.Add(tokens, _added, normalizers, steps, isByteLevel);
        return new TokenizerRules
        {
            Tokens = tokens,
            Added = _added,
            Normalizers = normalizers,
            Steps = steps,
            IsByteLevel = isByteLevel,
            Model = ReadModel(isByteLevel, digest),
            StripsSpaces = _decoder.StripsSpaces,
            BeginTokens = PostProcessorJson.ReadBeginTokens(_root.Find("post_processor"), tokens.Length),
            Identity = digest.ToIdentity(),
        };
    }

    private void RequireModel()
    {
        if (_model.Find("type") is { } type && type.Text() != "BPE")
        {
            throw type.Fault("is not supported: BPE is; use a model with another tokenizer, or its GGUF file");
        }

        _model.RequireOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        if (_model.Find("dropout") is { } dropout && !(dropout.Element.ValueKind == System.Text.Json.JsonValueKind.Number && dropout.Element.GetDouble() == 0))
        {
            throw dropout.Fault("gives other tokens each time and is not supported; set it to null");
        }

        foreach (var name in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (_model.Find(name) is { } affix && affix.Text().Length > 0)
            {
                throw affix.Fault("is not supported: vocabularies without such marks are; use a model with another tokenizer");
            }
        }
    }

    private VocabularyToken?[] ReadTokens()
    {
        var texts = new Dictionary<int, string>();
        foreach (var (text, place) in _model.Require("vocab").Members())
        {
            var id = place.Integer(0, TokenizerRules.MaxTokens - 1);
            _ids.Add(text, id);
            if (!texts.TryAdd(id, text))
            {
                throw place.Fault($"is the id of '{Short(texts[id])}' too; ids of one token each are supported");
            }
        }

        foreach (var place in _root.Find("added_tokens")?.Items() ?? [])
        {
            AddAdded(place, texts);
        }

        var size = texts.Count == 0 ? throw _model.Fault("has an empty vocab; at least one token is needed") : texts.Keys.Max() + 1;
        var tokens = new VocabularyToken?[size];
        foreach (var (id, text) in texts)
        {
            var isSpecial = _special.Contains(id);
            tokens[id] = new VocabularyToken(text, isSpecial ? [] : _decoder.BytesOf(text, _addedIds.Contains(id)), isSpecial);
        }

        return tokens;
    }

    private void AddAdded(JsonPlace place, Dictionary<int, string> texts)
    {
        place.RequireOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
        var id = place.Require("id").Integer(0, TokenizerRules.MaxTokens - 1);
        var content = place.Require("content");
        var text = content.Text();
        if (text.Length is 0 or > AddedToken.MaxLength)
        {
            throw content.Fault($"has {text.Length} characters; 1 to {AddedToken.MaxLength} are supported");
        }

        if (place.FlagOr("single_word", false))
        {
            throw place.Require("single_word").Fault("is not supported: false is; use a model with another tokenizer");
        }

        if (texts.TryGetValue(id, out var other) ? other != text : _ids.ContainsKey(text))
        {
            throw place.Fault($"does not agree with model.vocab, which has id {id} for '{Short(other ?? "nothing")}' and another token or none for '{Short(text)}'");
        }

        if (!_addedIds.Add(id))
        {
            throw place.Fault("is an added token that is there before; each once is supported");
        }

        texts[id] = text;
        _ids[text] = id;
        var isSpecial = place.FlagOr("special", false);
        _added.Add(new AddedToken(
            id, text, isSpecial, place.FlagOr("normalized", !isSpecial), TakesLeft: place.FlagOr("lstrip", false), TakesRight: place.FlagOr("rstrip", false)));
        if (isSpecial)
        {
            _special.Add(id);
        }
    }

    private RankedBpe ReadModel(bool isByteLevel, TokenizerDigest digest)
    {
        var tokens = _ids.Where(token => !_special.Contains(token.Value)).ToDictionary(StringComparer.Ordinal);
        var (unknown, bytes) = (ReadUnknown(), _model.FlagOr("byte_fallback", false) ? ReadBytes() : null);
        if (isByteLevel && unknown < 0)
        {
            RequireAlphabet();
        }
        else if (bytes is null && unknown < 0)
        {
            throw _model.Fault("has neither byte_fallback with all 256 byte tokens nor unk_token, so that characters would be lost; save the tokenizer again");
        }

        var (fusesUnknown, ignoresMerges) = (_model.FlagOr("fuse_unk", false), _model.FlagOr("ignore_merges", false));
        digest.Add($"ranked {unknown} {bytes is not null} {fusesUnknown} {ignoresMerges}");
        return new RankedBpe(tokens, ReadMerges(digest), bytes, unknown, fusesUnknown, ignoresMerges);
    }

    private int ReadUnknown() => _model.Find("unk_token") is not { } place
        ? -1
        : _ids.TryGetValue(place.Text(), out var id) ? id : throw place.Fault("is no token of model.vocab");

    private int[]? ReadBytes()
    {
        var bytes = new int[256];
        for (var value = 0; value < bytes.Length; value++)
        {
            if (!_ids.TryGetValue(ByteToken.Of(value), out bytes[value]))
            {
                return null; // Then the unknown token, as tokenizers does; where there is none, it is refused.
            }
        }

        return bytes;
    }

    private void RequireAlphabet()
    {
        for (var value = 0; value < 256; value++)
        {
            var text = ByteAlphabet.Of((byte)value).ToString();
            if (!_ids.TryGetValue(text, out var id) || _special.Contains(id))
            {
                throw new TextFormatException(
                    $"{_root.File}: model.vocab has no ordinary token '{text}' for byte 0x{value:X2}, so that text would be lost; all 256 are needed. Train the tokenizer with the whole alphabet.");
            }
        }
    }

    private Dictionary<long, (int Rank, int Token)> ReadMerges(TokenizerDigest digest)
    {
        var merges = new Dictionary<long, (int, int)>();
        var rank = 0;
        foreach (var place in _model.Require("merges").Items())
        {
            var (left, right) = ReadPair(place);
            if (!_ids.TryGetValue(left, out var leftId) || !_ids.TryGetValue(right, out var rightId) || !_ids.TryGetValue(left + right, out var token))
            {
                throw place.Fault($"names a token that model.vocab does not have: '{Short(left)}', '{Short(right)}' and both together are needed");
            }

            digest.Add(leftId);
            digest.Add(rightId);
            // Text that is not trusted never becomes a special token, whatever merges say.
            if (!_special.Contains(leftId) && !_special.Contains(rightId) && !_special.Contains(token))
            {
                merges[RankedBpe.Key(leftId, rightId)] = (rank, token);
            }

            rank++;
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonPlace place)
    {
        var parts = place.IsArray && place.Element.GetArrayLength() == 2 ? [.. place.Items().Select(item => item.Text())]
            : place.IsArray ? []
            : place.Text().Split(' ');
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0
            ? (parts[0], parts[1])
            : throw place.Fault("is no merge: two tokens are needed, in an array or with one space between them");
    }

    private static string Short(string text) => text.Length > 60 ? $"{text[..60]}…" : text;
}
