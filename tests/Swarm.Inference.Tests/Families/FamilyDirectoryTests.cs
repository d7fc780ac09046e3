using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Swarm.Inference.Weights;
using TorchSharp;
using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>Every family's directory: saved and loaded, in both forms of its configuration, and with each key of it changed.</summary>
public sealed class FamilyDirectoryTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public static TheoryData<string> Names => FamilySamples.Names;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_Saved_IsTheSame(string name)
    {
        using var model = FamilySamples.Model(name);
        model.Save(_folder.Path);

        using var loaded = LlamaModel.Load(_folder.Path, "tokenizer");

        Assert.Equal(model.Config, loaded.Config);
        Assert.Empty(loaded.Ignored);
        AssertSame(model, loaded);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_Transformers5Form_HasTheFingerprintOfTransformers4Form(string name)
    {
        using var model = FamilySamples.Model(name);
        model.Save(_folder.Path);
        var config = JsonNode.Parse(File.ReadAllText(_folder.ConfigPath))!.AsObject();
        var rope = config["rope_scaling"]?.DeepClone().AsObject() ?? new JsonObject { ["rope_type"] = "default" };
        rope["rope_theta"] = config["rope_theta"]!.DeepClone();
        if (model.Config.Family == ModelFamily.Gemma3)
        {
            rope = new JsonObject
            {
                ["full_attention"] = rope,
                ["sliding_attention"] = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = config["rope_local_base_freq"]!.DeepClone() },
            };
        }

        _folder.Configure(
            ("rope_parameters", rope), ("rope_theta", null), ("rope_scaling", null), ("rope_local_base_freq", null),
            ("torch_dtype", null), ("dtype", "float32"), ("transformers_version", "5.0.0"));

        using var loaded = LlamaModel.Load(_folder.Path, "tokenizer");

        Assert.Empty(loaded.Ignored);
        AssertSame(model, loaded);
    }

    // As the older ones of transformers 4 say which layers have a window.
    [Theory]
    [InlineData("qwen2-window", "max_window_layers", 1)]
    [InlineData("gemma3", "sliding_window_pattern", 3)]
    [InlineData("gemma3", "_sliding_window_pattern", 3)]
    [InlineData("gemma3-mqa", "sliding_window_pattern", 4)]
    public void Load_WindowsByARule_AreThoseOfTheList(string name, string key, int value)
    {
        using var model = FamilySamples.Model(name);
        model.Save(_folder.Path);
        _folder.Configure(("layer_types", null), (key, value));

        using var loaded = LlamaModel.Load(_folder.Path, "tokenizer");

        AssertSame(model, loaded);
    }

    /// <summary>No key of a configuration that changes the numbers is passed over: it changes the logits, or it is refused by its name.</summary>
    [Theory]
    [InlineData("mistral-window-7", "sliding_window", "9")]
    [InlineData("mistral-window-7", "sliding_window", "null")]
    [InlineData("mistral-window-7", "sliding_window", null)]
    [InlineData("mistral-window-7", "rms_norm_eps", "0.01")]
    [InlineData("mistral-window-7", "rope_theta", "5000")]
    [InlineData("mistral-window-7", "rope_theta", "null", "rope_scaling", """{"rope_type": "linear", "factor": 2}""")]
    [InlineData("mistral", "rope_scaling", """{"rope_type": "dynamic", "factor": 2}""")]
    [InlineData("mistral", "model_type", "\"llama\"")]
    [InlineData("mistral", "layer_types", """["sliding_attention", "full_attention", "full_attention"]""")]
    [InlineData("mistral", "attention_bias", "true")]
    [InlineData("mistral", "hidden_act", "\"gelu\"")]
    [InlineData("mistral", "tie_word_embeddings", "true")]
    [InlineData("mistral", "num_key_value_heads", null)]
    [InlineData("qwen2", "use_sliding_window", "true", "sliding_window", "5", "max_window_layers", "2", "layer_types", null)]
    [InlineData("qwen2", "layer_types", """["full_attention", "full_attention", "sliding_attention"]""")]
    [InlineData("qwen2-window", "use_sliding_window", "false")]
    [InlineData("qwen2-window", "sliding_window", "20")]
    [InlineData("qwen2-window", "sliding_window", "null")]
    [InlineData("qwen2-window", "layer_types", """["full_attention", "full_attention", "sliding_attention"]""")]
    [InlineData("qwen2-window", "layer_types", """["full_attention", "chunked_attention", "sliding_attention"]""")]
    [InlineData("qwen2-window", "layer_types", null, "max_window_layers", "2")]
    [InlineData("qwen2-window", "layer_types", null)]
    [InlineData("llama-yarn", "rope_scaling", "null")]
    [InlineData("llama-yarn", "rope_scaling.factor", "5")]
    [InlineData("llama-yarn", "rope_scaling.original_max_position_embeddings", "32")]
    [InlineData("llama-yarn", "rope_scaling.original_max_position_embeddings", null)]
    [InlineData("llama-yarn", "rope_scaling.beta_fast", "4")]
    [InlineData("llama-yarn", "rope_scaling.beta_slow", "3")]
    [InlineData("llama-yarn", "rope_scaling.attention_factor", "1.1")]
    [InlineData("llama-yarn", "rope_scaling.mscale", "1", "rope_scaling.mscale_all_dim", "0.5")]
    [InlineData("llama-yarn", "rope_scaling.truncate", "false")]
    [InlineData("llama-yarn", "rope_scaling.something", "1")]
    [InlineData("llama-yarn", "rope_theta", "500000")]
    [InlineData("qwen3", "attention_bias", "true")]
    [InlineData("qwen3-bias", "attention_bias", "false")]
    [InlineData("qwen3", "head_dim", null)]
    [InlineData("gemma3", "query_pre_attn_scalar", "20")]
    [InlineData("gemma3", "query_pre_attn_scalar", null)]
    [InlineData("gemma3", "rope_local_base_freq", "5000")]
    [InlineData("gemma3", "rope_theta", "50000")]
    [InlineData("gemma3", "rope_scaling", """{"rope_type": "linear", "factor": 2}""")]
    [InlineData("gemma3", "sliding_window", "9")]
    [InlineData("gemma3", "sliding_window", "null")]
    [InlineData("gemma3", "layer_types", """["sliding_attention", "full_attention", "full_attention"]""")]
    [InlineData("gemma3", "layer_types", null)]
    [InlineData("gemma3", "sliding_window_pattern", "2")]
    [InlineData("gemma3", "final_logit_softcapping", "30.0")]
    [InlineData("gemma3", "attn_logit_softcapping", "50.0")]
    [InlineData("gemma3", "hidden_activation", "\"silu\"")]
    [InlineData("gemma3", "use_bidirectional_attention", "true")]
    [InlineData("gemma3", "attention_bias", "true")]
    [InlineData("gemma3", "tie_word_embeddings", "false")]
    [InlineData("gemma3-linear", "rope_scaling", "null")]
    [InlineData("gemma3-linear", "rope_scaling.factor", "4")]
    [InlineData("gemma3-linear", "tie_word_embeddings", null)]
    [InlineData("deepseek2-yarn", "rope_scaling.mscale_all_dim", "0.5")]
    [InlineData("deepseek2-yarn", "rope_scaling.mscale", "1")]
    [InlineData("deepseek2-yarn", "rope_scaling", "null")]
    [InlineData("deepseek2", "q_lora_rank", "null")]
    [InlineData("deepseek2", "kv_lora_rank", "25")]
    [InlineData("deepseek2", "qk_nope_head_dim", "6", "qk_rope_head_dim", "10", "head_dim", "10")]
    [InlineData("deepseek2", "v_head_dim", null)]
    [InlineData("deepseek2", "num_key_value_heads", "1")]
    [InlineData("deepseek2", "n_routed_experts", "8", "first_k_dense_replace", "1")]
    [InlineData("deepseek2", "attention_bias", "true")]
    [InlineData("deepseek3", "rope_interleave", "false")]
    [InlineData("deepseek3", "head_dim", "20")]
    [InlineData("deepseek3", "architectures", """["MixtralForCausalLM"]""")]
    public void Load_KeyChanged_ChangesTheLogitsOrIsRefusedByName(string name, params string?[] changes)
    {
        using var model = FamilySamples.Model(name);
        model.Save(_folder.Path);
        Change(changes);
        LlamaModel loaded;
        try
        {
            loaded = LlamaModel.Load(_folder.Path, "tokenizer");
        }
        catch (ModelFormatException error)
        {
            Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
            Assert.True(
                changes.Where((_, index) => index % 2 == 0).Any(key => error.Message.Contains(key!.Split('.')[^1], StringComparison.Ordinal))
                || error.Message.Contains("tensor", StringComparison.Ordinal),
                error.Message);
            return;
        }

        using (loaded)
        {
            Assert.NotEqual(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
            Assert.NotEqual(Logits(model), Logits(loaded));
        }
    }

    [Fact]
    public void Load_Float16Checkpoint_IsComputedInFloat32UnlessAskedOtherwise()
    {
        using var model = FamilySamples.Model("qwen3");
        model.Save(_folder.Path);
        SafetensorsWriter.Write(_folder.WeightsPath, [.. model.Tensors.Select(item => Half(item.Key, item.Value))]);
        _folder.Configure(("torch_dtype", "float16"));

        using var wide = LlamaModel.Load(_folder.Path);
        using var narrow = LlamaModel.Load(_folder.Path, new LlamaLoadOptions { ComputeType = KvDType.BFloat16 });

        Assert.Equal((KvDType.Float32, "float32"), (wide.Config.DType, wide.Descriptor.ComputeDType));
        Assert.Equal((KvDType.BFloat16, "bfloat16"), (narrow.Config.DType, narrow.Descriptor.ComputeDType));
        Assert.NotEqual(wide.Descriptor.ComputeFingerprint(), narrow.Descriptor.ComputeFingerprint());
        Assert.InRange(Logits(wide).Zip(Logits(narrow), (left, right) => Math.Abs(left - right)).Max(), 0, 0.3f);
        Assert.Throws<ArgumentException>(() => LlamaModel.Load(_folder.Path, new LlamaLoadOptions { ComputeType = KvDType.Float16 }));
        using var folder = new ModelFolder();
        wide.Save(folder.Path);
        using var saved = LlamaModel.Load(folder.Path);
        AssertSame(wide, saved);
    }

    [Fact]
    public void Load_Transformers5SectionsOfLayerTypes_AreRefusedWhereTheySayNothing()
    {
        using var model = FamilySamples.Model("gemma3");
        model.Save(_folder.Path);
        _folder.Configure(("rope_theta", null), ("rope_local_base_freq", null), ("rope_parameters", JsonNode.Parse(
            """{"full_attention": {"rope_theta": 1e6}, "sliding_attention": {"rope_type": "linear", "factor": 8, "rope_theta": 1e4}}""")));
        Assert.Contains("sliding_attention.rope_type is 'linear'", _folder.LoadFault(), StringComparison.Ordinal);

        _folder.Configure(("rope_parameters", JsonNode.Parse("""{"full_attention": {"rope_theta": 1e6}, "rope_theta": 1e4}""")));
        Assert.Contains("rope_parameters.rope_theta", _folder.LoadFault(), StringComparison.Ordinal);
    }

    private static SafetensorsWriter.Item Half(string name, torch.Tensor tensor)
    {
        using var half = tensor.to(torch.ScalarType.Float16);
        var bytes = half.bytes.ToArray();
        return new SafetensorsWriter.Item(name, "F16", tensor.shape, bytes.Length, stream => stream.Write(bytes));
    }

    private static void AssertSame(LlamaModel left, LlamaModel right)
    {
        Assert.Equal(left.Descriptor.Config, right.Descriptor.Config);
        Assert.Equal(left.Descriptor with { Name = "", Tokenizer = "" }, right.Descriptor with { Name = "", Tokenizer = "" });
        Assert.Equal(Logits(left), Logits(right));
    }

    private static float[] Logits(LlamaModel model)
    {
        using var runtime = model.CreateRuntime(128);
        return Samples.Feed(runtime, FamilySamples.Tokens(90, 1), 29);
    }

    /// <summary>Sets keys, of sections too; no value removes a key.</summary>
    private void Change(string?[] changes)
    {
        var config = JsonNode.Parse(File.ReadAllText(_folder.ConfigPath))!.AsObject();
        foreach (var change in changes.Chunk(2))
        {
            var path = change[0]!.Split('.');
            var section = path.Length == 1 ? config : config[path[0]]!.AsObject();
            section.Remove(path[^1]);
            if (change[1] is { } value)
            {
                section[path[^1]] = JsonNode.Parse(value);
            }
        }

        File.WriteAllText(_folder.ConfigPath, config.ToJsonString());
    }
}
