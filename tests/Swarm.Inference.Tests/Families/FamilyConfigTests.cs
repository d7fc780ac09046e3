using System.Text;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>What a family does not have is refused where it is set: no number is there that nothing uses.</summary>
public sealed class FamilyConfigTests
{
    public static TheoryData<string> Names => FamilySamples.Names;

    [Fact]
    public void Validated_TraitsOfAnotherFamily_AreRefusedByName()
    {
        var llama = FamilySamples.Config("llama");
        var gemma = FamilySamples.Config("gemma3");
        var latent = FamilySamples.Config("deepseek2");
        foreach (var (config, expected) in ((LlamaConfig, string)[])
        [
            (llama with { SlidingWindow = 8, WindowedLayers = new(0) }, "LlamaForCausalLM has no sliding_window"),
            (llama with { WindowRopeTheta = 5000 }, "rope_local_base_freq is 5000"),
            (llama with { QueryPreAttentionScalar = 16 }, "query_pre_attn_scalar is 16"),
            (llama with { AttentionBias = true }, "attention_bias is true; LlamaForCausalLM has none"),
            (llama with { Latent = latent.Latent }, "LlamaForCausalLM has no kv_lora_rank"),
            (llama with { RopeTheta = 1, RopeScaling = new YarnRopeScaling(4, 64) }, "rope_theta 1 is not over 1"),
            (gemma with { WindowRopeTheta = null }, "rope_local_base_freq is ; Gemma3ForCausalLM needs one"),
            (gemma with { QueryPreAttentionScalar = 0 }, "query_pre_attn_scalar is 0"),
            (gemma with { SlidingWindow = null }, "layers 0,1 look through a window, and sliding_window is null"),
            (gemma with { SlidingWindow = 0 }, "sliding_window is 0"),
            (gemma with { WindowedLayers = default }, "sliding_window is 7, and no layer looks through it"),
            (gemma with { WindowedLayers = new(0, 3) }, "layers 0,3 look through a window; there are 3"),
            (latent with { Latent = null }, "DeepseekV2ForCausalLM needs kv_lora_rank"),
            (latent with { HeadDim = 18 }, "heads of 16"),
            (latent with { Latent = latent.Latent! with { RotaryHeadDim = 7, PlainHeadDim = 9 } }, "qk_rope_head_dim 7 is odd"),
            (latent with { Latent = latent.Latent! with { KvRank = 0 } }, "kv_lora_rank is 0; it must be 1 to 65536"),
            (llama with { Family = (ModelFamily)99 }, "family 99"),
        ])
        {
            var error = Assert.Throws<ModelFormatException>(() => config.Validated("the source"));

            Assert.StartsWith("the source: ", error.Message, StringComparison.Ordinal);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Write_ThenParse_GivesTheSame(string name)
    {
        var config = FamilySamples.Config(name);

        Assert.Equal(config, LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(LlamaConfigJson.Write(config)), "the source"));
    }

    // A list of layers is never made as long as a file claims.
    [Theory]
    [InlineData("mistral-window-7")]
    [InlineData("gemma3")]
    [InlineData("qwen2-window")]
    [InlineData("deepseek2")]
    public void Parse_NumberOfLayersOutOfRange_IsRefused(string name)
    {
        foreach (var layers in (int[])[-1, 0, 1025, int.MaxValue])
        {
            var text = LlamaConfigJson.Write(FamilySamples.Config(name)).Replace("\"num_hidden_layers\": 3", $"\"num_hidden_layers\": {layers}", StringComparison.Ordinal);

            var error = Assert.Throws<ModelFormatException>(() => LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(text), "the source"));

            Assert.Contains($"num_hidden_layers is {layers}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LayerSet_Any_ComparesByValue()
    {
        Assert.Equal(new LayerSet(2, 0, 2), new LayerSet(0, 2));
        Assert.True(new LayerSet() == default);
        Assert.True(new LayerSet(1) != default);
        Assert.Equal(new LayerSet(3, 1).GetHashCode(), new LayerSet(1, 3).GetHashCode());
        Assert.Equal("1,3", new LayerSet(3, 1).ToString());
        Assert.True(new LayerSet(3, 1).Contains(3));
        Assert.False(default(LayerSet).Contains(0));
    }
}
