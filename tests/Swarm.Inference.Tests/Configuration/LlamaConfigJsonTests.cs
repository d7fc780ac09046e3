using System.Text;
using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Configuration;

/// <summary>Reading <c>config.json</c>: what is taken, and what is refused with the field's name.</summary>
public sealed class LlamaConfigJsonTests
{
    private const string Usual = """
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 32000, "hidden_size": 2048,
          "intermediate_size": 5632, "num_hidden_layers": 22, "num_attention_heads": 32, "num_key_value_heads": 4,
          "max_position_embeddings": 2048, "rms_norm_eps": 1e-05, "rope_scaling": null, "hidden_act": "silu",
          "torch_dtype": "bfloat16", "tie_word_embeddings": false, "bos_token_id": 1
        }
        """;

    [Fact]
    public void Parse_UsualFile_ReadsEveryField()
    {
        var config = Parse(Usual);

        Assert.Equal(64, config.HeadDim);
        Assert.Equal(4, config.KvHeads);
        Assert.Equal(KvDType.BFloat16, config.DType);
        Assert.Equal(10_000, config.RopeTheta);
        Assert.Equal(1_100_048_384, config.ParameterCount); // TinyLlama 1.1B.
    }

    [Fact]
    public void Write_ThenParse_GivesTheSame()
    {
        var config = Samples.Config(tied: true, dtype: KvDType.BFloat16) with { RopeTheta = 500_000.5, RmsNormEpsilon = 3e-6 };

        Assert.Equal(config, Parse(LlamaConfigJson.Write(config)));
    }

    [Theory]
    [InlineData("architectures", """["GPT2LMHeadModel"]""", "GPT2LMHeadModel")]
    [InlineData("architectures", "[]", "no architecture is named ('architectures'); one of LlamaForCausalLM")]
    [InlineData("architectures", """["LlamaForCausalLM", "OwnModel"]""", "OwnModel")]
    [InlineData("torch_dtype", "\"float64\"", "torch_dtype 'float64' is not supported; 'float32', 'bfloat16' and 'float16' are")]
    [InlineData("dtype", "\"float32\"", "dtype is 'float32' and torch_dtype is 'bfloat16'")]
    [InlineData("dtype", "7", "dtype is 7")]
    [InlineData("hidden_size", "2049", "head_dim is missing, and num_attention_heads 32 does not divide hidden_size 2049")]
    [InlineData("torch_dtype", "7", "torch_dtype")]
    [InlineData("num_key_value_heads", "5", "num_key_value_heads 5")]
    [InlineData("num_key_value_heads", "64", "num_key_value_heads is 64")]
    [InlineData("num_attention_heads", "0", "num_attention_heads")]
    [InlineData("hidden_size", "-1", "hidden_size")]
    [InlineData("hidden_size", "\"big\"", "hidden_size")]
    [InlineData("hidden_size", "2e99", "hidden_size")]
    [InlineData("head_dim", "63", "head_dim 63")]
    [InlineData("vocab_size", "2000000000", "vocab_size")]
    [InlineData("num_hidden_layers", "1.5", "num_hidden_layers")]
    [InlineData("num_hidden_layers", "null", "num_hidden_layers is missing")]
    [InlineData("rope_theta", "0", "rope_theta")]
    [InlineData("rms_norm_eps", "\"x\"", "rms_norm_eps")]
    [InlineData("tie_word_embeddings", "\"yes\"", "tie_word_embeddings")]
    public void Parse_UnsupportedValue_NamesFieldAndValue(string field, string value, string expected)
    {
        var json = JsonNode.Parse(Usual)!;
        json[field] = JsonNode.Parse(value);

        var error = Assert.Throws<ModelFormatException>(() => Parse(json.ToJsonString()));

        Assert.Contains("the source", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bfloat16", KvDType.BFloat16)]
    [InlineData("float32", KvDType.Float32)]
    [InlineData("float16", KvDType.Float32)] // Computed in it without loss.
    public void Parse_DTypeAsTransformers5NamesIt_IsHonoured(string dtype, KvDType expected)
    {
        var json = JsonNode.Parse(Usual)!;
        json.AsObject().Remove("torch_dtype");
        json["dtype"] = dtype;

        Assert.Equal(expected, Parse(json.ToJsonString()).DType);
        json["torch_dtype"] = dtype;
        Assert.Equal(expected, Parse(json.ToJsonString()).DType);
    }

    [Fact]
    public void Parse_ByteOrderMark_ChangesNothing() => Assert.Equal(Parse(Usual), Parse("\uFEFF" + Usual));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "JSON Array")]
    [InlineData("7", "JSON Number")]
    [InlineData("{}", "architectures")]
    [InlineData("\u0000", "not JSON")]
    [InlineData(Usual + "}", "not JSON")]
    [InlineData(Usual + " garbage", "'g'")]
    [InlineData(Usual + "{}", "not JSON")]
    [InlineData("""{"vocab_size": 1, "vocab_size": 2}""", "vocab_size")]
    [InlineData("<!DOCTYPE html><html><body>Sign in</body></html>", "HTML")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n", "Git LFS pointer")]
    [InlineData("Entry not found", "Entry not found")]
    public void Parse_NotAConfiguration_SaysWhatItIs(string text, string expected)
    {
        var error = Assert.Throws<ModelFormatException>(() => Parse(text));

        Assert.Contains("the source", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Utf16_SaysSo() => Assert.Contains(
        "UTF-16",
        Assert.Throws<ModelFormatException>(
            () => LlamaConfigJson.Parse([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Usual)], "the source")).Message,
        StringComparison.Ordinal);

    private static LlamaConfig Parse(string text) => LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(text), "the source");
}
