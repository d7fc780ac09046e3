using Swarm.Text.Tokens;

namespace Swarm.Text.Loading;

/// <summary>What <c>tokenizer.ggml.pre</c> stands for: how text is cut before it is encoded, as the models' own tokenizer.json say it.</summary>
/// <param name="Patterns">Patterns, each cutting what the one before it leaves.</param>
/// <param name="IgnoresMerges">Whether a piece that is a token becomes it before all merges.</param>
/// <param name="AddsBegin">Whether BOS begins a text where <c>tokenizer.ggml.add_bos_token</c> is missing, as llama.cpp has it.</param>
internal sealed record GgufPatterns(string[] Patterns, bool IgnoresMerges = false, bool AddsBegin = false)
{
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen35 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepseekWords =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly Dictionary<string, GgufPatterns> _known = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = new([PreTokenizerJson.Gpt2Pattern]),
        ["llama-bpe"] = new([Llama3], IgnoresMerges: true, AddsBegin: true),
        ["llama3"] = new([Llama3], IgnoresMerges: true, AddsBegin: true),
        ["llama-v3"] = new([Llama3], IgnoresMerges: true, AddsBegin: true),
        ["qwen2"] = new([Qwen2]),
        ["deepseek-r1-qwen"] = new([Qwen2]),
        ["qwen35"] = new([Qwen35]),
        ["smollm"] = new([@"\p{N}", PreTokenizerJson.Gpt2Pattern]),
        ["tekken"] = new([Tekken], IgnoresMerges: true),
        ["deepseek-v3"] = new([@"\p{N}{1,3}", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", DeepseekWords]),
    };

    /// <summary>The names that are known.</summary>
    public static string Names => string.Join(", ", _known.Keys);

    /// <summary>Finds what a name stands for.</summary>
    public static GgufPatterns? Find(string name) => _known.GetValueOrDefault(name);

    /// <summary>The steps that cut text.</summary>
    public List<PreTokenizer> ToSteps() =>
        [.. Patterns.Select(pattern => new SplitStep(new SplitPattern(pattern), SplitBehavior.Isolated, invert: false))];
}
