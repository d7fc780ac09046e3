using System.Text;
using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Configuration;

/// <summary>Fields beside the shape: what changes the logits is refused by name, what changes nothing is taken.</summary>
public sealed class LlamaConfigFieldsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("sliding_window", "2047", "max_position_embeddings")]
    [InlineData("use_sliding_window", "true", "false")]
    [InlineData("layer_types", """["full_attention", "sliding_attention"]""", "full_attention")]
    [InlineData("partial_rotary_factor", "0.5", "1")]
    [InlineData("rotary_pct", "0.25", "1")]
    [InlineData("rotary_dim", "8", "head_dim")]
    [InlineData("quantization_config", """{"quant_method": "gptq", "bits": 4}""", "null")]
    [InlineData("compression_config", """{"format": "int-quantized"}""", "null")]
    [InlineData("embedding_multiplier", "12.0", "1")]
    [InlineData("residual_multiplier", "0.22", "1")]
    [InlineData("attention_multiplier", "0.015625", "1 / sqrt(head_dim)")]
    [InlineData("mup_logits_multiplier", "2", "remove it")]
    [InlineData("logits_scaling", "8.0", "1")]
    [InlineData("logit_scale", "0.0625", "1")]
    [InlineData("final_logit_softcapping", "30.0", "remove it")]
    [InlineData("query_pre_attn_scalar", "256", "head_dim")]
    [InlineData("scale_emb", "12", "1")]
    [InlineData("attention_bias", "true", "false")]
    [InlineData("mlp_bias", "true", "false")]
    [InlineData("qkv_bias", "true", "false")]
    [InlineData("some_new_bias", "true", "remove it")]
    [InlineData("use_qk_norm", "true", "false")]
    [InlineData("norm_eps", "1e-3", "rms_norm_eps")]
    [InlineData("hidden_act", "\"gelu\"", "silu")]
    [InlineData("hidden_act", "\"\"", "silu")]
    [InlineData("hidden_activation", "\"gelu_pytorch_tanh\"", "silu")]
    [InlineData("num_local_experts", "8", "0")]
    [InlineData("moe_intermediate_size", "64", "remove it")]
    [InlineData("is_causal", "false", "true")]
    [InlineData("use_rope", "false", "true")]
    [InlineData("no_rope_layers", "[1, 1, 0]", "remove it")]
    [InlineData("rope_interleave", "true", "false")]
    [InlineData("alibi", "true", "false")]
    [InlineData("position_embedding_type", "\"alibi\"", "remove it")]
    [InlineData("pruned_heads", """{"0": [1]}""", "null")]
    [InlineData("model_type", "\"granite\"", "'llama'")]
    [InlineData("auto_map", """{"AutoModelForCausalLM": "modeling_own.OwnForCausalLM"}""", "code of its own")]
    public void Parse_FieldThatChangesLogits_NamesItItsValueAndWhatIsSupported(string field, string value, string supported)
    {
        var error = Assert.Throws<ModelFormatException>(() => Parse((field, value)));

        Assert.Contains("the source", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{field} is ", error.Message, StringComparison.Ordinal);
        Assert.Contains(supported, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sliding_window", "null")]
    [InlineData("sliding_window", "2048")]
    [InlineData("layer_types", """["full_attention", "full_attention", "full_attention"]""")]
    [InlineData("partial_rotary_factor", "1.0")]
    [InlineData("quantization_config", "null")]
    [InlineData("embedding_multiplier", "1.0")]
    [InlineData("attention_multiplier", "0.25")]
    [InlineData("some_other_multiplier", "1.0")]
    [InlineData("logits_scaling", "1")]
    [InlineData("final_logit_softcapping", "null")]
    [InlineData("attention_bias", "false")]
    [InlineData("some_new_bias", "false")]
    [InlineData("hidden_act", "\"swish\"")]
    [InlineData("num_local_experts", "0")]
    [InlineData("pruned_heads", "{}")]
    [InlineData("auto_map", """{"AutoTokenizer": ["tokenization_own.OwnTokenizer", null]}""")]
    public void Parse_NeutralValue_IsTaken(string field, string value) => Assert.Equal(Parse(), Parse((field, value)));

    [Fact]
    public void Parse_WindowThatIsSwitchedOff_IsTaken() =>
        Assert.Equal(Parse(), Parse(("use_sliding_window", "false"), ("sliding_window", "64"), ("max_window_layers", "2")));

    [Fact]
    public void Parse_WindowThatIsSwitchedOn_IsRefusedUnlessItSeesAll()
    {
        Assert.Equal(Parse(), Parse(("use_sliding_window", "true"), ("sliding_window", "4096")));
        Assert.Throws<ModelFormatException>(() => Parse(("use_sliding_window", "true"), ("sliding_window", "64")));
    }

    [Fact]
    public void ReadFile_KnownAndUnknownFields_ListsTheUnknownOnes()
    {
        var json = Sample();
        foreach (var (field, value) in ((string, string)[])
        [
            ("bos_token_id", "128000"), ("eos_token_id", "[128001, 128008]"), ("pad_token_id", "null"), ("use_cache", "true"),
            ("initializer_range", "0.02"), ("pretraining_tp", "4"), ("transformers_version", "\"5.0.0\""), ("temperature", "0.6"),
            ("attention_dropout", "0.1"), ("_name_or_path", "\"meta-llama/Llama-3.2-1B\""), ("unsloth_fixed", "true"),
            ("id2label", """{"0": "LABEL_0"}"""), ("frobnicate", "3"), ("owner", "\"me\""), ("off", "false"), ("none", "null"),
            ("use_new_bias", "false"), ("rope_kind", "\"\""), ("empty", "[]"), ("attn_scales", "{}"), ("pruned_heads", "{}"),
        ])
        {
            json[field] = JsonNode.Parse(value);
        }

        File.WriteAllText(_directory.File("config.json"), json.ToJsonString());

        var file = LlamaConfigJson.ReadFile(_directory.File("config.json"));

        Assert.Equal(
            ((string[])["frobnicate 3", "owner 'me'", "off false", "use_new_bias false", "rope_kind ''", "empty []", "attn_scales {}"])
                .Select(field => $"{_directory.File("config.json")}: {field}"),
            file.Ignored);
        Assert.Equal(Samples.Config(), file.Config);
    }

    private static JsonNode Sample() => JsonNode.Parse(LlamaConfigJson.Write(Samples.Config()))!;

    private static LlamaConfig Parse(params (string Field, string Value)[] fields)
    {
        var json = Sample();
        foreach (var (field, value) in fields)
        {
            json[field] = JsonNode.Parse(value);
        }

        return LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), "the source");
    }
}
