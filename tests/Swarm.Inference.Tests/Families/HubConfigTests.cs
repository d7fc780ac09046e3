using System.Text;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>Configurations as they stand on the hub are taken as they are, and give models of the size that their cards name.</summary>
public sealed class HubConfigTests
{
    private const string Qwen25 = """
        {
          "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645, "hidden_act": "silu",
          "hidden_size": 896, "initializer_range": 0.02, "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 21,
          "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
          "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
          "transformers_version": "4.43.1", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
        }
        """;

    private const string Qwen3 = """
        {
          "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151645,
          "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
          "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28,
          "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
          "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": true,
          "use_sliding_window": false, "vocab_size": 151936
        }
        """;

    private const string Mistral = """
        {
          "architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 4096,
          "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
          "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0,
          "sliding_window": 4096, "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.34.0.dev0",
          "use_cache": true, "vocab_size": 32000
        }
        """;

    private const string Gemma3 = """
        {
          "architectures": ["Gemma3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "attn_logit_softcapping": null,
          "bos_token_id": 2, "cache_implementation": "hybrid", "eos_token_id": [1, 106], "final_logit_softcapping": null, "head_dim": 256,
          "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "initializer_range": 0.02, "intermediate_size": 6912,
          "max_position_embeddings": 32768, "model_type": "gemma3_text", "num_attention_heads": 4, "num_hidden_layers": 26,
          "num_key_value_heads": 1, "pad_token_id": 0, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06, "rope_local_base_freq": 10000,
          "rope_scaling": null, "rope_theta": 1000000, "sliding_window": 512, "sliding_window_pattern": 6, "torch_dtype": "bfloat16",
          "transformers_version": "4.50.0.dev0", "use_cache": true, "vocab_size": 262144
        }
        """;

    private const string DeepSeekV2Lite = """
        {
          "architectures": ["DeepseekV2ForCausalLM"], "attention_bias": false, "aux_loss_alpha": 0.001, "first_k_dense_replace": 1,
          "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 10944, "kv_lora_rank": 512, "max_position_embeddings": 163840,
          "model_type": "deepseek_v2", "moe_intermediate_size": 1408, "moe_layer_freq": 1, "n_group": 1, "n_routed_experts": 64,
          "n_shared_experts": 2, "norm_topk_prob": false, "num_attention_heads": 16, "num_experts_per_tok": 6, "num_hidden_layers": 27,
          "num_key_value_heads": 16, "pretraining_tp": 1, "q_lora_rank": null, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
          "rms_norm_eps": 1e-06, "rope_theta": 10000, "routed_scaling_factor": 1.0, "scoring_func": "softmax", "seq_aux": true,
          "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707,
            "original_max_position_embeddings": 4096, "type": "yarn"},
          "tie_word_embeddings": false, "topk_group": 1, "topk_method": "greedy", "torch_dtype": "bfloat16", "v_head_dim": 128, "vocab_size": 102400
        }
        """;

    [Theory]
    [InlineData(Qwen25, 494_032_768)] // Qwen2.5-0.5B.
    [InlineData(Qwen3, 596_049_920)] // Qwen3-0.6B.
    [InlineData(Mistral, 7_241_732_096)] // Mistral-7B-v0.1.
    [InlineData(Gemma3, 999_885_952)] // Gemma 3 1B.
    public void Parse_ConfigurationOfTheHub_IsAModelOfThatSize(string text, long parameters)
    {
        var config = Parse(text);

        Assert.Equal(parameters, config.ParameterCount);
        Assert.Equal(KvDType.BFloat16, config.DType);
    }

    [Fact]
    public void Parse_Gemma3_LooksThroughAWindowInAllButEachSixthLayer()
    {
        var config = Parse(Gemma3);

        Assert.Equal((512, 22), (config.SlidingWindow, config.WindowedLayers.Count));
        Assert.Equal([5, 11, 17, 23], config.ToGeometry().Groups[0].Layers);
        Assert.Equal((1e6, 1e4), (config.RopeTheta, config.WindowRopeTheta));
    }

    [Fact]
    public void Parse_DeepSeekV2Lite_IsRefusedForItsExperts_AndTakenWithoutThem()
    {
        var error = Assert.Throws<ModelFormatException>(() => Parse(DeepSeekV2Lite));
        Assert.Contains("n_routed_experts is 64, and of 27 layers the first 1 (first_k_dense_replace) are dense", error.Message, StringComparison.Ordinal);

        var config = Parse(DeepSeekV2Lite.Replace("\"first_k_dense_replace\": 1", "\"first_k_dense_replace\": 27", StringComparison.Ordinal));
        Assert.Equal(new LatentShape(null, 512, 128, 64, 128), config.Latent);
        Assert.Equal(1, config.RopeScaling!.AttentionFactor, 12);
        Assert.Equal(Math.Pow((0.1 * 0.707 * Math.Log(40)) + 1, 2), config.RopeScaling.LatentScaleFactor, 12);
        Assert.Equal(27L * (512 + 64) * 2, config.ToGeometry().BytesPerPosition);
    }

    private static LlamaConfig Parse(string text) => LlamaConfigJson.Parse(Encoding.UTF8.GetBytes(text), "the source");
}
