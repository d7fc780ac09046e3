using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Swarm.Gguf;
using Swarm.Text.Tokens;

namespace Swarm.Text.Tests.Tokens;

/// <summary>A small byte-level tokenizer as Qwen2.5 or Llama 3 has it, in both of its forms.</summary>
internal sealed class ByteLevelModel
{
    /// <summary>How Qwen2 cuts text, as its tokenizer.json has it.</summary>
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>How Llama 3 cuts text.</summary>
    public const string LlamaPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly TrainedVocabulary _trained = Train();

    /// <summary>Makes the model.</summary>
    public ByteLevelModel()
    {
        for (var value = 0; value < 256; value++)
        {
            Ordinary.Add(ByteAlphabet.Of((byte)value).ToString());
        }

        foreach (var (left, right) in _trained.Merges)
        {
            Ordinary.Add(left + right);
        }
    }

    /// <summary>Pattern that cuts text; <see langword="null"/> for that of GPT-2.</summary>
    public string? Pattern { get; init; } = QwenPattern;

    /// <summary>Name of the pattern in GGUF.</summary>
    public string GgufPattern { get; init; } = "qwen2";

    /// <summary>Whether text is brought to NFC.</summary>
    public bool Normalizes { get; init; }

    /// <summary>Whether merges are pairs, not texts.</summary>
    public bool HasPairs { get; init; }

    /// <summary>Whether whole words come before merges.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Ordinary tokens, by id.</summary>
    public List<string> Ordinary { get; } = [];

    /// <summary>Special tokens, behind the ordinary ones.</summary>
    public string[] Special { get; init; } = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    /// <summary>Added tokens that are text, behind the special ones.</summary>
    public string[] Added { get; init; } = ["<think>", "</think>"];

    /// <summary>The merges, by rank.</summary>
    public static IReadOnlyList<(string Left, string Right)> Merges => _trained.Merges;

    /// <summary>Id of a special or an added token.</summary>
    public int IdOf(string token) => Ordinary.Count + Special.Concat(Added).ToList().IndexOf(token);

    /// <summary>The tokenizer as the root of a tokenizer.json.</summary>
    public JsonObject ToJson()
    {
        var vocabulary = new JsonObject();
        for (var id = 0; id < Ordinary.Count; id++)
        {
            vocabulary.Add(Ordinary[id], id);
        }

        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = Pattern is null };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Special.Concat(Added).Select((token, index) => (JsonNode)new JsonObject
            {
                ["id"] = Ordinary.Count + index,
                ["content"] = token,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = index < Special.Length,
            })]),
            ["normalizer"] = Normalizes ? new JsonObject { ["type"] = "NFC" } : null,
            ["pre_tokenizer"] = Pattern is null
                ? byteLevel
                : new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject
                        {
                            ["type"] = "Split",
                            ["pattern"] = new JsonObject { ["Regex"] = Pattern },
                            ["behavior"] = "Isolated",
                            ["invert"] = false,
                        },
                        byteLevel),
                },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = IgnoresMerges,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(merge => HasPairs
                    ? (JsonNode)new JsonArray(merge.Left, merge.Right)
                    : JsonValue.Create($"{merge.Left} {merge.Right}"))]),
            },
        };
    }

    /// <summary>Writes <c>tokenizer.json</c> into a folder.</summary>
    /// <returns>Path of the file.</returns>
    public string WriteJson(string folder)
    {
        var file = Path.Combine(folder, "tokenizer.json");
        File.WriteAllText(file, ToJson().ToJsonString());
        return file;
    }

    /// <summary>The tokenizer as metadata of a GGUF file.</summary>
    public GgufWriter ToGguf()
    {
        var writer = new GgufWriter();
        var tokens = Ordinary.Concat(Special).Concat(Added).ToArray();
        writer.Add("general.architecture", "llama");
        writer.Add("tokenizer.ggml.model", "gpt2");
        writer.Add("tokenizer.ggml.pre", GgufPattern);
        writer.Add("tokenizer.ggml.tokens", GgufValue.OfArray(tokens));
        int[] kinds = [.. Ordinary.Select(_ => 1), .. Special.Select(_ => 3), .. Added.Select(_ => 4)];
        writer.Add("tokenizer.ggml.token_type", GgufValue.OfArray(kinds));
        writer.Add("tokenizer.ggml.merges", GgufValue.OfArray([.. Merges.Select(merge => $"{merge.Left} {merge.Right}")]));
        return writer;
    }

    /// <summary>Writes a GGUF file into a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="more">Adds further keys.</param>
    /// <returns>Path of the file.</returns>
    public string WriteGguf(string folder, Action<GgufWriter>? more = null)
    {
        var file = Path.Combine(folder, "model.gguf");
        var writer = ToGguf();
        more?.Invoke(writer);
        writer.Write(file);
        return file;
    }

    private static TrainedVocabulary Train()
    {
        var words = Regex.Matches(TrainedVocabulary.Text, QwenPattern).Select(match =>
        {
            var word = new StringBuilder();
            ByteAlphabet.Write(match.Value, word);
            return word.ToString();
        });
        return TrainedVocabulary.Train(words, 400);
    }
}
