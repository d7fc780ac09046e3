using System.Text;
using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Configuration;

/// <summary>The rotary embedding as transformers 4 and 5 write it: honoured, or refused by name, never passed over.</summary>
public sealed class RopeJsonTests
{
    private const string Llama3 =
        """{"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}""";

    private const string Llama3WithTheta =
        """{"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}""";

    private static readonly Llama3RopeScaling Expected = new(32, 1, 4, 8192);

    [Fact]
    public void Parse_Llama3AsTransformers5Writes_HasThetaAndScaling()
    {
        var config = Parse(("rope_parameters", Llama3WithTheta));

        Assert.Equal(500_000, config.RopeTheta);
        Assert.Equal(Expected, config.RopeScaling);
    }

    [Theory]
    [InlineData("""{"rope_type": "default", "rope_theta": 500000.0}""")]
    [InlineData("""{"rope_theta": 500000}""")]
    [InlineData("""{"rope_type": "default", "rope_theta": 500000.0, "partial_rotary_factor": 1.0, "factor": null}""")]
    public void Parse_DefaultAsTransformers5Writes_HasTheta(string parameters)
    {
        var config = Parse(("rope_parameters", parameters));

        Assert.Equal(500_000, config.RopeTheta);
        Assert.Null(config.RopeScaling);
    }

    [Theory]
    [InlineData("""{"rope_type": "default"}""")]
    [InlineData("""{"type": "default"}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Parse_DefaultScaling_IsNone(string scaling)
    {
        var config = Parse(("rope_scaling", scaling), ("rope_theta", "70000"));

        Assert.Null(config.RopeScaling);
        Assert.Equal(70_000, config.RopeTheta);
    }

    [Fact]
    public void Parse_SameModelInEitherForm_IsTheSameConfiguration()
    {
        var old = Parse(("rope_scaling", Llama3), ("rope_theta", "500000"));
        var current = Parse(("rope_parameters", Llama3WithTheta), ("rope_theta", "null"));
        var both = Parse(("rope_parameters", Llama3WithTheta), ("rope_scaling", Llama3), ("rope_theta", "500000.0"));
        var apart = Parse(
            ("rope_scaling", Llama3.Replace(", \"original_max_position_embeddings\": 8192", "", StringComparison.Ordinal)),
            ("original_max_position_embeddings", "8192"),
            ("rope_theta", "5e5"));

        Assert.Equal(Expected, old.RopeScaling);
        Assert.All([current, both, apart], other => Assert.Equal(old, other));
        Assert.All([current, both, apart], other => Assert.Equal(LlamaConfigJson.Write(old), LlamaConfigJson.Write(other)));
    }

    [Fact]
    public void Parse_Linear_IsHonoured()
    {
        Assert.Equal(new LinearRopeScaling(4), Parse(("rope_scaling", """{"type": "linear", "factor": 4.0}""")).RopeScaling);
        Assert.Equal(
            new LinearRopeScaling(2.5), Parse(("rope_parameters", """{"rope_type": "linear", "factor": 2.5}""")).RopeScaling);
    }

    [Fact]
    public void Parse_Yarn_HasTheDefaultsOfTransformers()
    {
        var given = Parse(("rope_scaling", """{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}"""));
        var computed = Parse(("rope_parameters", """{"rope_type": "yarn", "original_max_position_embeddings": 32768}"""));
        var full = Parse(("rope_parameters", """{"rope_type": "yarn", "factor": 2, "beta_fast": null, "beta_slow": 0}"""));

        Assert.Equal(new YarnRopeScaling(4, 32_768), given.RopeScaling);
        Assert.Equal(new YarnRopeScaling(4, 32_768), computed.RopeScaling);
        Assert.Equal(new YarnRopeScaling(2, 131_072), full.RopeScaling);
        Assert.Equal(1 + (0.1 * Math.Log(4)), given.RopeScaling!.AttentionFactor, 12);
    }

    [Fact]
    public void Write_ThenParse_KeepsTheScaling()
    {
        foreach (var scaling in (RopeScaling[])[Expected, new LinearRopeScaling(1.5), new Llama3RopeScaling(8.25, 0.5, 3.75, 1000), new YarnRopeScaling(4, 512),
            new YarnRopeScaling(40, 4096) { GivenAttentionFactor = 1.5, BetaFast = 16, BetaSlow = 2, Mscale = 0.7, MscaleAllDim = 0.5, Truncate = false }])
        {
            var config = Samples.Config() with { RopeScaling = scaling };

            Assert.Equal(config, LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(LlamaConfigJson.Write(config)), "the source"));
        }
    }

    [Theory]
    [InlineData("rope_parameters", """{"rope_theta": 10000.0}""", "rope_theta", "500000", "rope_theta is 500000 and rope_parameters.rope_theta is 10000")]
    [InlineData("rope_scaling", """{"rope_type": "default", "rope_theta": 1}""", "rope_parameters", """{"rope_theta": 2}""", "rope_parameters.rope_theta is 2 and rope_scaling.rope_theta is 1")]
    [InlineData("rope_scaling", Llama3, "rope_parameters", """{"rope_type": "default"}""", "rope_parameters and rope_scaling differ")]
    [InlineData("rope_scaling", """{"type": "linear", "factor": 2}""", "rope_parameters", """{"rope_type": "linear", "factor": 3}""", "differ")]
    [InlineData("rope_scaling", """{"type": "linear", "rope_type": "llama3"}""", "rope_theta", "1e4", "rope_scaling.rope_type is 'llama3' and rope_scaling.type is 'linear'")]
    [InlineData("rope_scaling", Llama3, "original_max_position_embeddings", "4096", "original_max_position_embeddings is 4096; 8192")]
    [InlineData("rope_scaling", "null", "original_max_position_embeddings", "4096", "original_max_position_embeddings is 4096; 131072")]
    public void Parse_Contradiction_NamesBothSides(string field, string value, string otherField, string otherValue, string expected) =>
        AssertRefused(expected, (field, value), (otherField, otherValue));

    [Theory]
    [InlineData("dynamic")]
    [InlineData("longrope")]
    [InlineData("su")]
    public void Parse_OtherType_NamesItAndDoesNotAdviseToLeaveItOut(string type)
    {
        foreach (var section in (string[])["rope_scaling", "rope_parameters"])
        {
            var message = AssertRefused($"{section}.rope_type '{type}'", (section, $$"""{"rope_type": "{{type}}", "factor": 4.0}"""));

            Assert.Contains("without it, its logits would be others", message, StringComparison.Ordinal);
            Assert.DoesNotContain("leave it out", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"rope_type": "llama3", "factor": 8}""", "rope_scaling.low_freq_factor is missing")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}""", "rope_scaling.original_max_position_embeddings is missing")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4, "original_max_position_embeddings": 8}""", "high_freq_factor 4 is not over low_freq_factor 4")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 0, "high_freq_factor": 4, "original_max_position_embeddings": 8}""", "low_freq_factor 0")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 1e999, "original_max_position_embeddings": 8}""", "high_freq_factor")]
    [InlineData("""{"rope_type": "llama3", "factor": 0.5, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8}""", "factor 0.5")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 0}""", "original_max_position_embeddings is 0")]
    [InlineData("""{"rope_type": "linear"}""", "rope_scaling.factor is missing")]
    [InlineData("""{"rope_type": "linear", "factor": 0}""", "factor 0")]
    [InlineData("""{"rope_type": "linear", "factor": "two"}""", "rope_scaling.factor is two")]
    [InlineData("""{"rope_type": "linear", "factor": 2, "beta_fast": 32}""", "rope_scaling.beta_fast is 32")]
    [InlineData("""{"rope_type": "yarn", "factor": 0.5}""", "factor 0.5")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 0}""", "original_max_position_embeddings is 0")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "beta_fast": 1, "beta_slow": 2}""", "beta_fast 1 is not over beta_slow 2")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "beta_slow": -1}""", "beta_slow -1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "attention_factor": 0}""", "attention_factor 0")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "mscale": -1}""", "mscale -1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "mscale_all_dim": 1e99}""", "mscale_all_dim")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "truncate": 1}""", "rope_scaling.truncate is 1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "finetuned": true}""", "rope_scaling.finetuned is True")]
    [InlineData("""{"rope_type": "default", "factor": 32.0}""", "rope_scaling.factor is 32.0")]
    [InlineData("""{"factor": 2.0}""", "rope_scaling.factor is 2.0")]
    [InlineData("""{"full_attention": {"rope_theta": 1e6}}""", "rope_scaling.full_attention")]
    [InlineData("""{"rope_type": "default", "partial_rotary_factor": 0.5}""", "rope_scaling.partial_rotary_factor is 0.5")]
    [InlineData("""{"rope_type": 7}""", "rope_scaling.rope_type is 7")]
    [InlineData("7", "rope_scaling is 7, not an object")]
    public void Parse_BadScaling_NamesTheField(string scaling, string expected) => AssertRefused(expected, ("rope_scaling", scaling));

    private static string AssertRefused(string expected, params (string Field, string Value)[] fields)
    {
        var error = Assert.Throws<ModelFormatException>(() => Parse(fields));
        Assert.Contains("the source", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private static LlamaConfig Parse(params (string Field, string Value)[] fields)
    {
        var json = JsonNode.Parse(
            """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128256, "hidden_size": 2048,
              "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8,
              "max_position_embeddings": 131072, "rms_norm_eps": 1e-05, "dtype": "bfloat16", "tie_word_embeddings": true
            }
            """)!;
        foreach (var (field, value) in fields)
        {
            json[field] = JsonNode.Parse(value);
        }

        return LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "the source");
    }
}
