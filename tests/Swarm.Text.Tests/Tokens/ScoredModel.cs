using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Swarm.Gguf;

namespace Swarm.Text.Tests.Tokens;

/// <summary>A small tokenizer with byte tokens as Llama 2, Mistral and Gemma have it, in its forms.</summary>
internal sealed class ScoredModel
{
    private const string Space = "\u2581";

    private static readonly TrainedVocabulary _trained = TrainedVocabulary.Train(
        Regex.Matches(TrainedVocabulary.Text, @" ?\S+|\s+").Select(match => match.Value.Replace(" ", Space, StringComparison.Ordinal)), 400);

    /// <summary>Makes the model.</summary>
    public ScoredModel()
    {
        Tokens.AddRange(["<unk>", "<s>", "</s>"]);
        Tokens.AddRange(Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"));
        Tokens.AddRange(_trained.Merges.Select(merge => merge.Left + merge.Right));
        Tokens.AddRange(_trained.Symbols.Where(symbol => symbol is not ("Å" or "Q" or "\t"))); // Some characters have bytes alone.
    }

    /// <summary>Tokens, by id.</summary>
    public List<string> Tokens { get; } = [];

    /// <summary>First of the tokens that are text.</summary>
    public const int FirstText = 3 + 256;

    /// <summary>A token's score: that of a merge is higher the earlier it was, that of a character below all.</summary>
    public float ScoreOf(int id) => id < FirstText ? 0 : id < FirstText + _trained.Merges.Count ? -(id - FirstText) : -10_000;

    /// <summary>The tokenizer as the root of a tokenizer.json, as Llama 2 has it: normalizers, and no pre-tokenizer.</summary>
    public JsonObject ToJson() => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray([.. Tokens.Take(3).Select((token, id) => (JsonNode)new JsonObject
        {
            ["id"] = id, ["content"] = token, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
        })]),
        ["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(
                new JsonObject { ["type"] = "Prepend", ["prepend"] = Space },
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = Space }),
        },
        ["pre_tokenizer"] = null,
        ["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(
                new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "<s>", ["type_id"] = 0 } },
                new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
            ["pair"] = new JsonArray(),
            ["special_tokens"] = new JsonObject { ["<s>"] = new JsonObject { ["id"] = "<s>", ["ids"] = new JsonArray(1), ["tokens"] = new JsonArray("<s>") } },
        },
        ["decoder"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["decoders"] = new JsonArray(
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = Space }, ["content"] = " " },
                new JsonObject { ["type"] = "ByteFallback" },
                new JsonObject { ["type"] = "Fuse" },
                new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 }),
        },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = "<unk>",
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = true,
            ["byte_fallback"] = true,
            ["ignore_merges"] = false,
            ["vocab"] = new JsonObject(Tokens.Select((token, id) => new KeyValuePair<string, JsonNode?>(token, id))),
            ["merges"] = new JsonArray([.. Merges().Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]),
        },
    };

    /// <summary>The tokenizer as Mistral has it: a pre-tokenizer, and no normalizer.</summary>
    public JsonObject ToMetaspaceJson(string scheme, bool split)
    {
        var json = ToJson();
        JsonObject Metaspace() => new() { ["type"] = "Metaspace", ["replacement"] = Space, ["prepend_scheme"] = scheme, ["split"] = split };
        json["normalizer"] = null;
        json["pre_tokenizer"] = Metaspace();
        return json;
    }

    /// <summary>Writes a GGUF file into a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="more">Adds further keys.</param>
    /// <returns>Path of the file.</returns>
    public string WriteGguf(string folder, Action<GgufWriter>? more = null)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.tokens", GgufValue.OfArray(Tokens));
        writer.Add("tokenizer.ggml.scores", GgufValue.OfArray(Enumerable.Range(0, Tokens.Count).Select(ScoreOf).ToArray()));
        int[] kinds = [2, 3, 3, .. Enumerable.Repeat(6, 256), .. Enumerable.Repeat(1, Tokens.Count - FirstText)];
        writer.Add("tokenizer.ggml.token_type", GgufValue.OfArray(kinds));
        writer.Add("tokenizer.ggml.bos_token_id", 1u);
        writer.Add("tokenizer.ggml.eos_token_id", 2u);
        more?.Invoke(writer);
        var file = Path.Combine(folder, "scored.gguf");
        writer.Write(file);
        return file;
    }

    /// <summary>What llama.cpp's algorithm gives, by its definition: the best pair of all, again and again.</summary>
    public List<int> EncodeByDefinition(string text)
    {
        var ids = Tokens.Select((token, id) => (token, id)).Skip(FirstText).ToDictionary(item => item.token, item => item.id);
        var parts = (Space + text.Replace(" ", Space, StringComparison.Ordinal)).EnumerateRunes().Select(rune => rune.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, parts.Count - 1))
                .Where(index => ids.ContainsKey(parts[index] + parts[index + 1]))
                .OrderByDescending(index => ScoreOf(ids[parts[index] + parts[index + 1]]))
                .ThenBy(index => index)
                .Select(index => (int?)index)
                .FirstOrDefault();
            if (best is not { } at)
            {
                return [.. parts.SelectMany(part => ids.TryGetValue(part, out var id) ? [id] : System.Text.Encoding.UTF8.GetBytes(part).Select(value => 3 + value))];
            }

            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }
    }

    /// <summary>Each way to put a token together from two others, the best token first, as transformers converts a SentencePiece model.</summary>
    private List<(string Left, string Right)> Merges()
    {
        var known = Tokens.Skip(FirstText).ToHashSet(StringComparer.Ordinal);
        return [.. Tokens.Skip(FirstText).Take(_trained.Merges.Count).SelectMany(token => Enumerable.Range(1, token.Length - 1)
            .Where(at => !char.IsLowSurrogate(token[at]) && known.Contains(token[..at]) && known.Contains(token[at..]))
            .Select(at => (token[..at], token[at..])))];
    }
}
