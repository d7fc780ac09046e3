using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Gguf;
using Swarm.Testing;
using Xunit;

namespace Swarm.Text.Tests.Tokens;

/// <summary>Token ids of small vocabularies that are trained here, held to Hugging Face's tokenizers, to llama.cpp's, and to the algorithms by their definition.</summary>
public sealed class TextTokenizerTests : IDisposable
{
    private const int Texts = 200;

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> ByteLevelForms() => ["qwen", "llama", "gpt2", "nfc", "pairs", "digits", "prefix"];

    public static TheoryData<string> ByteTokenForms() => ["llama", "always", "first", "never", "split"];

    public static TheoryData<string> Behaviors() => ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"];

    [Theory]
    [MemberData(nameof(ByteLevelForms))]
    public void Encode_ByteLevel_GivesTheIdsOfHuggingFace(string form) => RequireSameIds(ByteLevel(form), isExactBackwards: form != "prefix");

    [Theory]
    [MemberData(nameof(ByteTokenForms))]
    public void Encode_ByteTokens_GivesTheIdsOfHuggingFace(string form)
    {
        var model = new ScoredModel();
        var json = form switch
        {
            "llama" => model.ToJson(),
            "split" => model.ToMetaspaceJson("always", split: true),
            _ => model.ToMetaspaceJson(form, split: false),
        };
        json["post_processor"] = null; // The reference adds what it says to every text.
        RequireSameIds(json, isExactBackwards: false);
    }

    [Theory]
    [MemberData(nameof(Behaviors))]
    public void Encode_SplitOfEachKind_GivesTheIdsOfHuggingFace(string behavior)
    {
        foreach (var invert in new[] { false, true })
        {
            var json = new ByteLevelModel { Pattern = @"[\s\p{P}]" }.ToJson();
            var split = json["pre_tokenizer"]!["pretokenizers"]![0]!;
            split["behavior"] = behavior;
            split["invert"] = invert;
            RequireSameIds(json, isExactBackwards: false);
        }
    }

    /// <summary>Characters above U+FFFF are in a class by their category alone, whatever others the class names.</summary>
    [Theory]
    [InlineData(@"[À-ɏʰ一-龥]+|[^\s\p{L}]+")]
    [InlineData(@"\p{Lu}\p{Ll}+|\p{N}|\p{So}+|[\p{L}\p{M}]+")]
    public void Encode_PatternsThatNameCharacters_GivesTheIdsOfHuggingFace(string pattern) =>
        RequireSameIds(new ByteLevelModel { Pattern = pattern }.ToJson(), isExactBackwards: true);

    [Fact]
    public void Encode_AddedTokensOfEachKind_GivesTheIdsOfHuggingFace()
    {
        var json = new ByteLevelModel { Normalizes = true, Added = ["<think>", "the", " dog", "e\u0301x", "\n\n", "ſ"] }.ToJson();
        var random = new SeededTest().Random;
        foreach (var token in json["added_tokens"]!.AsArray())
        {
            token!["lstrip"] = random.Next(2) == 0;
            token["rstrip"] = random.Next(2) == 0;
            token["normalized"] = random.Next(2) == 0;
        }

        RequireSameIds(json, isExactBackwards: false);
    }

    [Theory]
    [InlineData("qwen2", ByteLevelModel.QwenPattern, false)]
    [InlineData("llama-bpe", ByteLevelModel.LlamaPattern, true)]
    [InlineData("gpt-2", null, false)]
    public void Encode_Gguf_GivesTheIdsOfTokenizerJson(string name, string? pattern, bool ignoresMerges)
    {
        var model = new ByteLevelModel { Pattern = pattern, GgufPattern = name, IgnoresMerges = ignoresMerges };
        model.WriteJson(_folder.Path);
        var json = TextTokenizer.Load(_folder.Path);
        var gguf = TextTokenizer.Load(model.WriteGguf(_folder.Path, writer => writer.Add("tokenizer.ggml.add_bos_token", false)));
        var random = new SeededTest().Random;

        Assert.Equal(json.VocabularySize, gguf.VocabularySize);
        for (var index = 0; index < Texts; index++)
        {
            var text = RandomText.Next(random, random.Next(20));
            var parsesSpecial = random.Next(2) == 0;
            var tokens = json.Encode(text, parsesSpecial);
            Assert.Equal(tokens, gguf.Encode(text, parsesSpecial));
            Assert.Equal(json.Decode(tokens), gguf.Decode(tokens));
        }
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("llama3")]
    [InlineData("llama-v3")]
    [InlineData("qwen2")]
    [InlineData("qwen35")]
    [InlineData("deepseek-r1-qwen")]
    [InlineData("deepseek-v3")]
    [InlineData("smollm")]
    [InlineData("tekken")]
    [InlineData("")]
    public void Encode_Gguf_GivesTheIdsOfLlamaCpp(string name)
    {
        var file = name.Length == 0 ? new ScoredModel().WriteGguf(_folder.Path) : new ByteLevelModel { GgufPattern = name }.WriteGguf(_folder.Path, WriteEnds);
        var tokenizer = TextTokenizer.Load(file);
        using var reference = new LlamaCppTokenizer(file);
        var random = new SeededTest().Random;
        for (var index = 0; index < Texts; index++)
        {
            var text = LlamaCppTokenizer.Known(RandomText.Next(random, random.Next(20)));
            if (name == "tekken")
            {
                text = string.Concat(text.Where(char.IsAscii)); // llama.cpp knows upper and lower case of ASCII alone in this pattern.
            }

            var parsesSpecial = random.Next(2) == 0;
            var expected = reference.Encode(text, parsesSpecial);
            var tokens = tokenizer.Encode(text, parsesSpecial);
            Assert.True(
                expected.SequenceEqual(tokens),
                $"{JsonSerializer.Serialize(text)}: expected {string.Join(' ', expected)}, got {string.Join(' ', tokens)}");
        }
    }

    [Fact]
    public void Encode_GgufWithScores_GivesTheIdsOfTheDefinition()
    {
        var model = new ScoredModel();
        var tokenizer = TextTokenizer.Load(model.WriteGguf(_folder.Path));
        var random = new SeededTest().Random;

        for (var index = 0; index < Texts; index++)
        {
            var text = "x" + RandomText.Next(random, random.Next(12));
            var tokens = tokenizer.Encode(text);
            Assert.Equal(model.EncodeByDefinition(text), tokens);
            Assert.Equal(text.Replace('\u2581', ' '), tokenizer.Decode(tokens));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Decode_WhatWasEncoded_IsTheTextAgain(bool isByteLevel)
    {
        var file = isByteLevel ? new ByteLevelModel().WriteGguf(_folder.Path) : new ScoredModel().WriteGguf(_folder.Path);
        var tokenizer = TextTokenizer.Load(file);
        var random = new SeededTest().Random;

        for (var index = 0; index < Texts; index++)
        {
            var text = RandomText.Next(random, random.Next(30)).Replace('\u2581', '_');
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }

        Assert.Equal("a\uFFFDb\uFFFD", tokenizer.Decode(tokenizer.Encode("a\uD800b\uDC00")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Append_RandomTokensOneByOne_GivesWhatAllTogetherGive(bool isByteLevel)
    {
        var file = isByteLevel ? new ByteLevelModel().WriteGguf(_folder.Path) : new ScoredModel().WriteGguf(_folder.Path);
        var tokenizer = TextTokenizer.Load(file);
        var random = new SeededTest().Random;
        var decoder = tokenizer.CreateDecoder();

        for (var index = 0; index < Texts; index++)
        {
            var tokens = Enumerable.Range(0, random.Next(40)).Select(_ => random.Next(tokenizer.VocabularySize)).ToArray();
            var pieces = tokens.Select(decoder.Append).ToArray();
            var text = string.Concat(pieces) + decoder.Flush();
            Assert.Equal(tokenizer.Decode(tokens), text);
            Assert.All(tokens.Zip(pieces), piece => Assert.True(!tokenizer.IsSpecial(piece.First) || piece.Second.Length == 0));
        }
    }

    [Fact]
    public void Append_CharacterOfSeveralTokens_ComesWithTheLast()
    {
        var tokenizer = TextTokenizer.Load(new ScoredModel().WriteGguf(_folder.Path));
        var decoder = tokenizer.CreateDecoder();

        var pieces = tokenizer.Encode("🎈").Select(decoder.Append).ToArray(); // Five tokens: a space, and four bytes.

        Assert.Equal(["", "", "", "", "🎈"], pieces);
        Assert.Equal("", decoder.Append(3 + 0xF0));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Append(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Append(tokenizer.VocabularySize));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encode_WithoutParsing_NeverGivesASpecialToken(bool isByteLevel)
    {
        var file = isByteLevel ? new ByteLevelModel().WriteGguf(_folder.Path) : new ScoredModel().WriteGguf(_folder.Path);
        var tokenizer = TextTokenizer.Load(file);
        var special = Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).ToArray();
        string[] names = ["<|im_end|>", "<|im_start|>", "<s>", "</s>", "<unk>"];
        var random = new SeededTest().Random;

        for (var index = 0; index < Texts; index++)
        {
            var text = RandomText.Next(random, 5) + names[random.Next(names.Length)] + RandomText.Next(random, 5);
            Assert.Empty(tokenizer.Encode(text).Intersect(special));
        }

        var name = isByteLevel ? "<|im_end|>" : "</s>";
        Assert.Equal([tokenizer.FindToken(name)!.Value], tokenizer.Encode(name, parseSpecial: true));
    }

    /// <summary>Merges that a file has by mistake, or on purpose, to a special token do not apply.</summary>
    [Fact]
    public void Encode_MergesThatMakeASpecialToken_DoNotMakeIt()
    {
        var json = new ByteLevelModel { Pattern = null, Special = ["qz"], Added = [] }.ToJson();
        json["model"]!["merges"]!.AsArray().Insert(0, JsonValue.Create("q z"));
        json["model"]!["ignore_merges"] = true;

        var tokenizer = Load(json);

        Assert.Equal("qz", tokenizer.Decode(tokenizer.Encode("qz")));
        Assert.DoesNotContain(tokenizer.FindToken("qz")!.Value, tokenizer.Encode("qz cqz"));
    }

    /// <summary>A quadratic algorithm would take hours.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encode_OneWordOfAMillionCharacters_Ends(bool isByteLevel)
    {
        var file = isByteLevel ? new ByteLevelModel().WriteGguf(_folder.Path) : new ScoredModel().WriteGguf(_folder.Path);
        var tokenizer = TextTokenizer.Load(file);
        var text = string.Concat(Enumerable.Repeat("theagent", 125_000));

        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal(new string(' ', 1_000_000), tokenizer.Decode(tokenizer.Encode(new string(' ', 1_000_000))));
    }

    [Fact]
    public void Load_Directory_TakesBeginAndEndTokensFromItsFiles()
    {
        var model = new ByteLevelModel { Special = ["<|endoftext|>", "<|eot_id|>", "<|im_end|>", "<pad>"] };
        model.WriteJson(_folder.Path);
        var end = model.IdOf("<|endoftext|>");
        File.WriteAllText(_folder.Combine("tokenizer_config.json"), """{"bos_token": {"content": "<|endoftext|>"}, "eos_token": "<|im_end|>", "add_bos_token": true}""");
        File.WriteAllText(_folder.Combine("generation_config.json"), $$"""{"eos_token_id": [{{end}}, {{end + 3}}]}""");

        var tokenizer = TextTokenizer.Load(_folder.Path);

        Assert.Equal([end], tokenizer.BeginTokens);
        Assert.Equal([end, end + 1, end + 2, end + 3], tokenizer.EndTokens.Order());
    }

    [Fact]
    public void Load_PostProcessorOrGguf_TakesBeginTokens()
    {
        var model = new ScoredModel();
        var gguf = TextTokenizer.Load(model.WriteGguf(_folder.Path));

        Assert.Equal([1], Load(model.ToJson()).BeginTokens);
        Assert.Equal([1], gguf.BeginTokens);
        Assert.Equal([2], gguf.EndTokens);
    }

    [Fact]
    public void Identity_OfTheSameRules_IsTheSame_AndOfOthersAnother()
    {
        var changed = ByteLevel("qwen");
        var merges = changed["model"]!["merges"]!.AsArray();
        (merges[0], merges[1]) = (merges[1]!.DeepClone(), merges[0]!.DeepClone());
        string[] identities =
        [
            .. ByteLevelForms().Select(form => Load(ByteLevel(form)).Identity),
            Load(changed).Identity,
            TextTokenizer.Load(new ScoredModel().WriteGguf(_folder.Path)).Identity,
        ];

        // Pairs and texts say the same.
        Assert.Equal(identities.Length - 1, identities.Distinct().Count());
        Assert.Equal(Load(ByteLevel("qwen")).Identity, Load(ByteLevel("pairs")).Identity);
        Assert.All(identities, identity => Assert.Matches("^sha256:[0-9a-f]{64}$", identity));
    }

    private static void WriteEnds(GgufWriter writer)
    {
        writer.Add("tokenizer.ggml.add_bos_token", false);
        writer.Add("tokenizer.ggml.eos_token_id", (uint)new ByteLevelModel().IdOf("<|im_end|>"));
    }

    private static JsonObject ByteLevel(string form)
    {
        var json = new ByteLevelModel
        {
            Pattern = form switch { "llama" => ByteLevelModel.LlamaPattern, "gpt2" or "prefix" or "digits" => null, _ => ByteLevelModel.QwenPattern },
            IgnoresMerges = form == "llama",
            Normalizes = form == "nfc",
            HasPairs = form == "pairs",
        }.ToJson();
        if (form == "prefix")
        {
            json["pre_tokenizer"]!["add_prefix_space"] = true;
        }
        else if (form == "digits")
        {
            var byteLevel = json["pre_tokenizer"]!.DeepClone();
            json["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, byteLevel),
            };
        }

        return json;
    }

    private void RequireSameIds(JsonObject json, bool isExactBackwards)
    {
        var tokenizer = Load(json);
        using var reference = new ReferenceTokenizer(_folder.Combine("tokenizer.json"));
        var random = new SeededTest().Random;
        for (var index = 0; index < Texts; index++)
        {
            var text = RandomText.Next(random, random.Next(20)).Replace("\0", "", StringComparison.Ordinal); // The binding's texts end at one.
            var expected = reference.Encode(text);
            var tokens = tokenizer.Encode(text, parseSpecial: true);
            Assert.True(
                expected.SequenceEqual(tokens),
                $"{JsonSerializer.Serialize(text)}: expected {string.Join(' ', expected)}, got {string.Join(' ', tokens)}, added {json["added_tokens"]!.ToJsonString()}");
            if (isExactBackwards)
            {
                Assert.Equal(reference.Decode(expected), tokenizer.Decode(expected));
            }
        }
    }

    private TextTokenizer Load(JsonObject json)
    {
        File.WriteAllText(_folder.Combine("tokenizer.json"), json.ToJsonString());
        return TextTokenizer.Load(_folder.Path);
    }
}
