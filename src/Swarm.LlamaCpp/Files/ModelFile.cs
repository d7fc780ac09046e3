using Swarm.Gguf;

namespace Swarm.LlamaCpp.Files;

/// <summary>
/// A GGUF file whose keys were checked before llama.cpp sees it: for some values it ends the process, divides by zero or reads behind an array, where
/// this names the key.
/// </summary>
/// <remarks>What each architecture needs beside these keys, and the shapes of tensors, llama.cpp checks by itself, and refuses.</remarks>
internal sealed class ModelFile : IDisposable
{
    // As llama.cpp has them: LLAMA_MAX_LAYERS, LLAMA_MAX_EXPERTS. The others are far beyond what exists.
    private const int MaxLayers = 512;
    private const int MaxExperts = 512;
    private const int MaxHeads = 4096;
    private const int MaxElements = 1 << 20;

    private static readonly (string Key, GgufValueType Type)[] _vocabularyLists =
    [
        ("tokenizer.ggml.scores", GgufValueType.Float32), ("tokenizer.ggml.token_type", GgufValueType.Int32),
    ];

    // llama.cpp knows them, and none of them generates text.
    private static readonly string[] _encoders =
    [
        "bert", "clip", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed", "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "t5encoder",
        "wavtokenizer-dec",
    ];

    private readonly string _prefix;

    private ModelFile(GgufFile file)
    {
        Gguf = file;
        var architecture = file.Metadata.Require("general.architecture").AsText();
        if (architecture.Length is 0 or > 64 || architecture.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.')))
        {
            throw Refusal("general.architecture", $"'{architecture}'", "the name of an architecture that llama.cpp knows is supported");
        }

        if (_encoders.Contains(architecture))
        {
            throw new GgufFormatException(
                $"{file.Path}: architecture '{architecture}' is not supported, since it does not generate text. Those that do are, such as llama, qwen3, gemma3 and deepseek2. "
                + "Take another file.");
        }

        _prefix = architecture + ".";
        var layers = Integer("block_count", 1, MaxLayers);
        CheckShape(layers);
        CheckRotation();
        CheckVocabulary();
        var tokens = file.Metadata.Find("tokenizer.ggml.tokens");
        Info = new LlamaCppModelInfo(
            architecture,
            layers,
            Integer("context_length", 1, int.MaxValue),
            tokens?.Count ?? Integer("vocab_size", 1, int.MaxValue),
            tokens is not null,
            file.Tensors.Sum(tensor => tensor.ElementCount));
    }

    /// <summary>The file.</summary>
    public GgufFile Gguf { get; }

    /// <summary>What it says of its model.</summary>
    public LlamaCppModelInfo Info { get; }

    /// <summary>Opens a file and checks it.</summary>
    /// <exception cref="GgufFormatException">It is malformed, or a value is one that llama.cpp does not survive.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static ModelFile Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new ModelFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Gguf.Dispose();

    private void CheckShape(int layers)
    {
        if (Gguf.Metadata.Find(_prefix + "attention.causal") is { } causal && !causal.AsFlag())
        {
            throw Refusal(_prefix + "attention.causal", "false", "models that generate text are supported, and this one looks at what follows");
        }

        var width = Integer("embedding_length", 1, MaxElements);
        var heads = PerLayer("attention.head_count", layers, 0, MaxHeads) ?? throw Missing("attention.head_count");
        PerLayer("attention.head_count_kv", layers, 0, MaxHeads);
        PerLayer("feed_forward_length", layers, 0, 1 << 24);
        foreach (var name in new[] { "attention.key_length", "attention.value_length", "attention.key_length_mla", "attention.value_length_mla", "attention.kv_lora_rank" })
        {
            OptionalInteger(name, 1, MaxElements);
        }

        if (OptionalInteger("attention.key_length", 1, MaxElements) is null && Array.Find(heads, head => head > 0) is > 0 and var count && width % count != 0)
        {
            throw Refusal(_prefix + "attention.head_count", $"{count}", $"a divisor of the embedding length, {width}, is supported");
        }

        OptionalInteger("attention.sliding_window", 0, int.MaxValue);
        CheckExperts();
        foreach (var name in new[] { "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon" })
        {
            OptionalNumber(name, 0, 1);
        }
    }

    // llama.cpp asserts these relations.
    private void CheckExperts()
    {
        var experts = OptionalInteger("expert_count", 0, MaxExperts) ?? 0;
        if (experts == 0)
        {
            OptionalInteger("expert_used_count", 0, 0);
            OptionalInteger("expert_group_count", 0, 0);
            return;
        }

        Integer("expert_used_count", 1, experts);
        if (OptionalInteger("expert_group_count", 0, experts) is > 1 and var groups)
        {
            if (experts % groups != 0)
            {
                throw Refusal(_prefix + "expert_group_count", $"{groups}", $"a divisor of the number of experts, {experts}, is supported");
            }

            Integer("expert_group_used_count", 1, groups - 1);
        }
    }

    private void CheckRotation()
    {
        var rotary = OptionalInteger("rope.dimension_count", 0, MaxElements);
        if (rotary % 2 == 1)
        {
            throw Refusal(_prefix + "rope.dimension_count", $"{rotary}", "an even number is supported");
        }

        var key = OptionalInteger("attention.key_length", 1, MaxElements);
        if (OptionalInteger("attention.kv_lora_rank", 1, MaxElements) is { } latent && OptionalInteger("attention.key_length_mla", 1, MaxElements) is not null)
        {
            RequireEqual("attention.key_length", key, latent + (rotary ?? 0));
            RequireEqual("attention.value_length", OptionalInteger("attention.value_length", 1, MaxElements), latent);
        }
        else if (rotary > key)
        {
            throw Refusal(_prefix + "rope.dimension_count", $"{rotary}", $"at most the length of a key, {key}, is supported");
        }

        OptionalNumber("rope.freq_base", double.Epsilon, 1e15);
        OptionalNumber("rope.scaling.factor", 0, 1e9);
    }

    private void CheckVocabulary()
    {
        if (Gguf.Metadata.Find("tokenizer.ggml.tokens") is not { } tokens)
        {
            return;
        }

        if (tokens.Type != GgufValueType.Array || tokens.ElementType != GgufValueType.Text || tokens.Count == 0)
        {
            throw Refusal("tokenizer.ggml.tokens", $"of type {tokens.ElementType} with {tokens.Count} values", "an array of at least one text is supported");
        }

        foreach (var (key, type) in _vocabularyLists)
        {
            if (Gguf.Metadata.Find(key) is { } list && (list.Type != GgufValueType.Array || list.ElementType != type || list.Count != tokens.Count))
            {
                throw Refusal(key, $"{list.Count} values of type {list.ElementType}", $"an array of {tokens.Count} {type}, one for each token, is supported");
            }
        }

        if (Gguf.Metadata.Find("tokenizer.ggml.merges") is { } merges && (merges.Type != GgufValueType.Array || merges.ElementType != GgufValueType.Text))
        {
            throw Refusal("tokenizer.ggml.merges", $"of type {merges.ElementType}", "an array of texts is supported");
        }

        if (Gguf.Metadata.Find("tokenizer.ggml.precompiled_charsmap") is { } map
            && (map.Type != GgufValueType.Array || map.ElementType is not (GgufValueType.UInt8 or GgufValueType.Int8)))
        {
            throw Refusal("tokenizer.ggml.precompiled_charsmap", $"of type {map.ElementType}", "an array of bytes is supported");
        }
    }

    private void RequireEqual(string name, int? actual, int expected)
    {
        if (actual != expected)
        {
            throw Refusal(_prefix + name, $"{actual}", $"{expected} is supported, as the rank of the latent and the rotary dimensions say");
        }
    }

    private int Integer(string name, long least, long most) => OptionalInteger(name, least, most) ?? throw Missing(name);

    private int? OptionalInteger(string name, long least, long most)
    {
        if (Gguf.Metadata.Find(_prefix + name) is not { Type: not GgufValueType.Array } value)
        {
            return null;
        }

        var number = value.AsInteger();
        return number >= least && number <= most ? (int)number : throw Refusal(_prefix + name, $"{number}", $"{least} to {most} is supported");
    }

    private void OptionalNumber(string name, double least, double most)
    {
        if (Gguf.Metadata.Find(_prefix + name) is { Type: not GgufValueType.Array } value && value.AsNumber() is var number && !(number >= least && number <= most))
        {
            throw Refusal(_prefix + name, $"{number}", $"a number from {least:g3} to {most:g3} is supported");
        }
    }

    /// <summary>A number for all layers, or one for each.</summary>
    private long[]? PerLayer(string name, int layers, long least, long most)
    {
        if (Gguf.Metadata.Find(_prefix + name) is not { } value)
        {
            return null;
        }

        var isList = value.Type == GgufValueType.Array;
        var numbers = isList ? value.AsIntegers() : [value.AsInteger()];
        if (isList && numbers.Length < layers)
        {
            throw Refusal(_prefix + name, $"{numbers.Length} values", $"one value, or one for each of {layers} layers, is supported");
        }

        return Array.TrueForAll(numbers, number => number >= least && number <= most)
            ? numbers
            : throw Refusal(_prefix + name, string.Join(", ", numbers.Take(8)), $"{least} to {most} is supported");
    }

    private GgufFormatException Missing(string name) => new(
        $"{Gguf.Path} is of architecture '{_prefix[..^1]}' and has no key '{_prefix}{name}', which every model of text needs. Convert the model again; if llama.cpp does not know "
        + "this architecture, take one of another, such as llama, qwen3, gemma3 or deepseek2.");

    private GgufFormatException Refusal(string key, string value, string supported) =>
        new($"{Gguf.Path}: key '{key}' is {value}; {supported}. Take another file, or convert the model again.");
}
