using System.Text;
using System.Text.Json.Nodes;
using Swarm.Gguf;
using Swarm.Testing;
using Xunit;

namespace Swarm.Text.Tests.Tokens;

/// <summary>Files that are damaged, hostile, or say what is not supported: each is refused by name, with where it is.</summary>
public sealed class HostileTokenizerTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Where, what is put there (as JSON), and what the refusal names.</summary>
    public static TheoryData<string, string, string> Changes() => new()
    {
        { "model.type", "\"Unigram\"", "model.type is \"Unigram\", which is not supported: BPE is" },
        { "model.type", "\"WordPiece\"", "WordPiece" },
        { "model.dropout", "0.1", "model.dropout is 0.1" },
        { "model.end_of_word_suffix", "\"</w>\"", "model.end_of_word_suffix is \"</w>\"" },
        { "model.unk_token", "\"<nothing>\"", "model.unk_token" },
        { "model.surprise", "1", "model.surprise is 1, which is not supported" },
        { "model.vocab.Ġthe", "-1", "model.vocab.Ġthe is -1, which is no integer from 0 to" },
        { "model.vocab.Ġthe", "4000000000", "model.vocab.Ġthe" },
        { "model.vocab.Ġthe", "2097152", "model.vocab.Ġthe" },
        { "model.vocab.Ġthe", "1.5", "model.vocab.Ġthe" },
        { "model.vocab.Ġthe", "5", "is the id of" },
        { "model.merges.0", "\"zz qq\"", "model.merges[0] is \"zz qq\", which names a token that model.vocab does not have" },
        { "model.merges.0", "\"a\"", "model.merges[0] is \"a\", which is no merge" },
        { "model.merges.0", "[\"a\", \"b\", \"c\"]", "model.merges[0]" },
        { "model.merges.0", "7", "model.merges[0] is 7, which is no text" },
        { "model.merges", "{}", "model.merges is {}, which is no array" },
        { "normalizer", "{\"type\": \"NFKC\"}", "normalizer.type is \"NFKC\", which is not supported" },
        { "normalizer", "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Precompiled\"}]}", "normalizer.normalizers[0].type is \"Precompiled\"" },
        { "normalizer", "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a\"}, \"content\": \"\"}", "normalizer.pattern.Regex" },
        { "pre_tokenizer.pretokenizers.0.type", "\"BertPreTokenizer\"", "pre_tokenizer.pretokenizers[0].type is \"BertPreTokenizer\"" },
        { "pre_tokenizer.pretokenizers.0.behavior", "\"Sometimes\"", "pre_tokenizer.pretokenizers[0].behavior" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"\\\\p{Han}+\"", "\\\\p{Han}" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"(\"", "pre_tokenizer.pretokenizers[0].pattern.Regex" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"\\\\w+\"", "'\\w'" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"^a\"", "anchor '^'" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"[a&&b]\"", "'&&'" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"a++\"", "pre_tokenizer.pretokenizers[0].pattern.Regex" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"(?x: a)\"", "'(?x:'" },
        { "pre_tokenizer.pretokenizers.0.pattern.Regex", "\"[\U00020000]\"", "above U+FFFF" },
        { "decoder", "{\"type\": \"WordPiece\"}", "decoder.type is \"WordPiece\"" },
        { "decoder", "{\"type\": \"Fuse\"}", "decoder" },
        { "decoder", "null", "decoder is missing" },
        { "post_processor", "{\"type\": \"BertProcessing\"}", "post_processor.type" },
        { "truncation", "{\"max_length\": 512}", "truncation" },
        { "padding", "{}", "padding" },
        { "added_tokens.0.id", "3", "added_tokens[0]" },
        { "added_tokens.0.id", "99999999", "added_tokens[0].id is 99999999" },
        { "added_tokens.0.content", "\"\"", "added_tokens[0].content" },
        { "added_tokens.0.content", "\"\\ud800\"", "added_tokens[0].content" },
        { "added_tokens.0.single_word", "true", "added_tokens[0].single_word is true" },
        { "added_tokens", "7", "added_tokens is 7, which is no array" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Load_WhatIsNotSupported_IsRefusedByName(string path, string value, string named)
    {
        var json = new ByteLevelModel().ToJson();
        JsonNode place = json;
        var steps = path.Split('.');
        foreach (var step in steps.SkipLast(1))
        {
            place = (place is JsonArray array ? array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)] : place[step])!;
        }

        const string Mark = "the value";
        if (place is JsonArray list)
        {
            list[int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture)] = Mark;
        }
        else
        {
            place[steps[^1]] = Mark;
        }

        File.WriteAllText(_folder.Combine("tokenizer.json"), json.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal));
        var exception = Assert.Throws<TextFormatException>(() => TextTokenizer.Load(_folder.Path));

        Assert.Contains("tokenizer.json", exception.Message, StringComparison.Ordinal);
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CutOrChangedAnywhere_IsRefusedOrLoads()
    {
        var random = new SeededTest().Random;
        var whole = Encoding.UTF8.GetBytes(new ByteLevelModel().ToJson().ToJsonString());
        for (var index = 0; index < 120; index++)
        {
            var bytes = index % 2 == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
            if (index % 2 == 1)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            RequireRefusalOrTokenizer(() => Load(bytes));
        }
    }

    [Fact]
    public void Load_GgufChangedAnywhere_IsRefusedOrLoads()
    {
        var random = new SeededTest().Random;
        foreach (var file in new[] { new ByteLevelModel().WriteGguf(_folder.Path), new ScoredModel().WriteGguf(_folder.Path) })
        {
            var whole = File.ReadAllBytes(file);
            for (var index = 0; index < 60; index++)
            {
                var bytes = index % 2 == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
                if (index % 2 == 1)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                File.WriteAllBytes(file, bytes);
                RequireRefusalOrTokenizer(() => TextTokenizer.Load(file));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("{\"model\": 7, \"decoder\": {\"type\": \"ByteLevel\"}}")]
    [InlineData("{\"model\": {\"vocab\": {}, \"merges\": []}, \"decoder\": {\"type\": \"ByteLevel\"}}")]
    [InlineData("{\"model\": {\"vocab\": {\"a\": 0, \"a\": 1}, \"merges\": []}, \"decoder\": {\"type\": \"ByteLevel\"}}")]
    public void Load_NoTokenizer_IsRefused(string text) => Assert.Throws<TextFormatException>(() => Load(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Load_NestedDeep_IsRefused()
    {
        var text = string.Concat(Enumerable.Repeat("{\"model\":[", 100_000));
        var normalizers = $"{{\"normalizer\": {string.Concat(Enumerable.Repeat("{\"type\":\"Sequence\",\"normalizers\":[", 1000))}";

        Assert.Throws<TextFormatException>(() => Load(Encoding.UTF8.GetBytes(text)));
        Assert.Throws<TextFormatException>(() => Load(Encoding.UTF8.GetBytes(normalizers)));
    }

    [Fact]
    public void Load_FileOfAGigabyte_IsRefusedUnread()
    {
        using (var file = File.Create(_folder.Combine("tokenizer.json")))
        {
            file.SetLength(1L << 30); // Sparse.
        }

        Assert.Contains("1073741824 bytes", Assert.Throws<TextFormatException>(() => TextTokenizer.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Missing_SaysWhatIsNeeded()
    {
        Assert.Contains("tokenizer.json", Assert.Throws<TextFormatException>(() => TextTokenizer.Load(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<IOException>(() => TextTokenizer.Load(_folder.Combine("nothing.gguf")));
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{\"add_bos_token\": true}", "add_bos_token")]
    [InlineData("tokenizer_config.json", "{\"eos_token\": \"<nothing>\"}", "eos_token is \"<nothing>\"")]
    [InlineData("tokenizer_config.json", "{\"added_tokens_decoder\": {\"1\": {\"content\": \"<other>\"}}}", "added_tokens_decoder.1.content is \"<other>\"")]
    [InlineData("generation_config.json", "{\"eos_token_id\": [1, 100000]}", "eos_token_id[1] is 100000")]
    [InlineData("config.json", "{\"eos_token_id\": -1}", "eos_token_id is -1")]
    [InlineData("config.json", "[]", "config.json")]
    public void Load_OtherFilesThatDoNotFit_AreRefusedByName(string file, string text, string named)
    {
        new ByteLevelModel().WriteJson(_folder.Path);
        File.WriteAllText(_folder.Combine(file), text);

        Assert.Contains(named, Assert.Throws<TextFormatException>(() => TextTokenizer.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer.ggml.model", "bert", "'bert', which is not supported")]
    [InlineData("tokenizer.ggml.pre", "surprise", "'surprise', which is not supported; known are gpt-2")]
    public void Load_GgufOfAnotherKind_IsRefusedByName(string key, string value, string named)
    {
        var writer = new GgufWriter();
        foreach (var (name, text) in new[] { ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "qwen2") })
        {
            writer.Add(name, name == key ? value : text);
        }

        writer.Add("tokenizer.ggml.tokens", GgufValue.OfArray(["a"]));
        writer.Add("tokenizer.ggml.token_type", GgufValue.OfArray([1]));
        writer.Write(_folder.Combine("model.gguf"));

        var exception = Assert.Throws<TextFormatException>(() => TextTokenizer.Load(_folder.Combine("model.gguf")));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.Contains(key, exception.Message, StringComparison.Ordinal);
    }

    /// <summary>A pattern that backtracks without end on purpose.</summary>
    [Fact]
    public void Encode_PatternThatBacktracks_EndsWithAnError()
    {
        var json = new ByteLevelModel { Pattern = "(a+)+b" }.ToJson();
        File.WriteAllText(_folder.Combine("tokenizer.json"), json.ToJsonString());
        var tokenizer = TextTokenizer.Load(_folder.Path);

        Assert.Contains("(a+)+b", Assert.Throws<TextFormatException>(() => tokenizer.Encode(new string('a', 60))).Message, StringComparison.Ordinal);
    }

    private TextTokenizer Load(byte[] bytes)
    {
        File.WriteAllBytes(_folder.Combine("tokenizer.json"), bytes);
        return TextTokenizer.Load(_folder.Path);
    }

    private static void RequireRefusalOrTokenizer(Func<TextTokenizer> load)
    {
        try
        {
            var tokenizer = load();
            _ = tokenizer.Decode(tokenizer.Encode("The dog, the fox; <|im_end|> 🙂", parseSpecial: true));
        }
        catch (TextFormatException)
        {
            // That is what is for files that cannot be used.
        }
    }
}
