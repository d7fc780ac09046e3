using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Swarm.Inference.Tests.Families;
using Swarm.Inference.Weights;
using TorchSharp;
using Xunit;

namespace Swarm.Inference.Tests.Weights;

/// <summary>LoRA adapters as PEFT writes them: merged, and named in the fingerprint; or refused by name.</summary>
public sealed class LoraAdapterTests : IDisposable
{
    private const int Rank = 3;
    private const int Seed = 5;

    private static readonly string[] _targets = ["self_attn.q_proj", "mlp.down_proj", "lm_head"];

    private readonly ModelFolder _base = new();
    private readonly ModelFolder _adapter = new();

    public void Dispose()
    {
        _base.Dispose();
        _adapter.Dispose();
    }

    [Theory]
    [InlineData(KvDType.Float32, false)]
    [InlineData(KvDType.Float32, true)]
    [InlineData(KvDType.BFloat16, false)]
    public void Load_Adapter_IsMergedIntoItsWeightsAlone(KvDType dtype, bool useRslora)
    {
        using var model = FamilySamples.Model("qwen3");
        model.Save(_base.Path);
        var factors = WriteAdapter(model, Seed);
        Configure(("use_rslora", useRslora));

        using var merged = LlamaModel.Load(_base.Path, new LlamaLoadOptions { AdapterDirectory = _adapter.Path, ComputeType = dtype });

        var scale = useRslora ? 7 / Math.Sqrt(Rank) : 7.0 / Rank;
        foreach (var (name, tensor) in model.Tensors)
        {
            var expected = Doubles(tensor);
            if (factors.TryGetValue(name, out var pair))
            {
                var width = (int)tensor.shape[1];
                for (var index = 0; index < expected.Length; index++)
                {
                    expected[index] += scale * Enumerable.Range(0, Rank)
                        .Sum(rank => (double)pair.Up[(index / width * Rank) + rank] * pair.Down[(rank * width) + (index % width)]);
                }
            }

            var largest = expected.Zip(Doubles(merged.Tensors[name]), (left, right) => Math.Abs(left - right) / (1 + Math.Abs(left))).Max();
            Assert.True(largest < (dtype == KvDType.Float32 ? 1e-6 : 5e-3), $"Seed {Seed}: {name} deviates by {largest}.");
        }
    }

    [Fact]
    public void Load_Adapter_IsNamedInTheFingerprint()
    {
        using var model = FamilySamples.Model("qwen3");
        model.Save(_base.Path);
        WriteAdapter(model, Seed);
        using var first = LlamaModel.Load(_base.Path, Options);
        using var again = LlamaModel.Load(_base.Path, Options);
        Configure(("lora_alpha", 8));
        using var stronger = LlamaModel.Load(_base.Path, Options);
        WriteAdapter(model, Seed + 1);
        using var other = LlamaModel.Load(_base.Path, Options);

        Assert.StartsWith("lora sha256:", first.Descriptor.Adapter, StringComparison.Ordinal);
        Assert.Equal(first.Descriptor.ComputeFingerprint(), again.Descriptor.ComputeFingerprint());
        Assert.Equal(4, new[] { model, first, stronger, other }.Select(one => one.Descriptor.Adapter).Distinct().Count());
        Assert.Equal(4, new[] { model, first, stronger, other }.Select(one => one.Descriptor.WeightsDigest).Distinct().Count());
        Assert.Empty(first.Ignored);
        Assert.Equal(first.Config, LlamaModel.Inspect(_base.Path, Options, out _));
    }

    [Theory]
    [InlineData("use_dora", "true", "use_dora is true")]
    [InlineData("bias", "\"all\"", "bias is 'all'")]
    [InlineData("modules_to_save", """["embed_tokens"]""", "modules_to_save is")]
    [InlineData("fan_in_fan_out", "true", "fan_in_fan_out is true")]
    [InlineData("rank_pattern", """{"q_proj": 5}""", "rank_pattern is")]
    [InlineData("alpha_pattern", """{"q_proj": 5}""", "alpha_pattern is")]
    [InlineData("layer_replication", "[[0, 2]]", "layer_replication is")]
    [InlineData("lora_bias", "true", "lora_bias is true")]
    [InlineData("something_new", "1", "something_new is 1")]
    [InlineData("peft_type", "\"IA3\"", "peft_type is 'IA3'")]
    [InlineData("peft_type", null, "peft_type is missing")]
    [InlineData("init_lora_weights", "\"pissa\"", "init_lora_weights is 'pissa'")]
    [InlineData("r", null, "r is missing")]
    [InlineData("r", "0", "r is 0")]
    [InlineData("r", "4", "with r 4")]
    [InlineData("lora_alpha", "\"much\"", "lora_alpha is much")]
    [InlineData("target_modules", """["q_proj", "v_proj"]""", "'v_proj'")]
    [InlineData("target_modules", "7", "target_modules is 7")]
    public void Load_ConfigurationThatIsMoreThanMatrices_IsRefusedByName(string key, string? value, string expected)
    {
        Write();
        Configure((key, value is null ? null : JsonNode.Parse(value)));

        AssertRefused(expected);
    }

    [Theory]
    [InlineData("base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector")]
    [InlineData("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight")]
    [InlineData("base_model.model.model.embed_tokens.lora_A.weight")]
    [InlineData("base_model.model.model.layers.0.input_layernorm.lora_A.weight")]
    [InlineData("model.layers.0.self_attn.q_proj.lora_A.weight")]
    public void Load_TensorOfNoMatrix_IsRefusedByName(string name)
    {
        using var model = FamilySamples.Model("qwen3");
        model.Save(_base.Path);
        WriteAdapter(model, Seed, new SafetensorsWriter.Item(name, "F32", [Rank, 48], Rank * 48 * 4, stream => stream.Write(new byte[Rank * 48 * 4])));

        AssertRefused($"'{name}'");
    }

    [Fact]
    public void Load_HalfAPairOrNothing_IsRefused()
    {
        Write();
        SafetensorsWriter.Write(_adapter.File("adapter_model.safetensors"), [Item("model.layers.0.self_attn.q_proj", "A", [Rank, 48], new float[Rank * 48])]);
        AssertRefused("q_proj.lora_B.weight'; one without the other");

        SafetensorsWriter.Write(_adapter.File("adapter_model.safetensors"), []);
        AssertRefused("holds no tensor");

        File.WriteAllText(_adapter.File("adapter_model.safetensors"), "<html>");
        AssertRefused("adapter_model.safetensors");

        File.Delete(_adapter.File("adapter_model.safetensors"));
        AssertRefused("adapter_model.safetensors does not exist");

        File.WriteAllText(_adapter.File("adapter_config.json"), "[]");
        AssertRefused("adapter_config.json holds a JSON Array");

        File.Delete(_adapter.File("adapter_config.json"));
        AssertRefused("adapter_config.json does not exist");
    }

    private LlamaLoadOptions Options => new() { AdapterDirectory = _adapter.Path };

    private static SafetensorsWriter.Item Item(string module, string part, long[] shape, float[] values)
    {
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray();
        return new SafetensorsWriter.Item($"base_model.model.{module}.lora_{part}.weight", "F32", shape, bytes.Length, stream => stream.Write(bytes));
    }

    private static double[] Doubles(torch.Tensor tensor)
    {
        using var wide = tensor.to(torch.ScalarType.Float64).contiguous();
        return wide.data<double>().ToArray();
    }

    private void AssertRefused(string expected)
    {
        var loaded = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_base.Path, Options));
        var inspected = Assert.Throws<ModelFormatException>(() => LlamaModel.Inspect(_base.Path, Options, out _));
        Assert.Equal(loaded.Message, inspected.Message);
        Assert.Contains(_adapter.Path, loaded.Message, StringComparison.Ordinal);
        Assert.Contains(expected, loaded.Message, StringComparison.Ordinal);
    }

    private void Write()
    {
        using var model = FamilySamples.Model("qwen3");
        model.Save(_base.Path);
        WriteAdapter(model, Seed);
    }

    private void Configure(params (string Field, JsonNode? Value)[] fields)
    {
        var path = _adapter.File("adapter_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var (field, value) in fields)
        {
            config.Remove(field);
            if (value is not null)
            {
                config[field] = value;
            }
        }

        File.WriteAllText(path, config.ToJsonString());
    }

    /// <summary>Writes an adapter of random numbers, and gives them by the weights that they change.</summary>
    private Dictionary<string, (float[] Down, float[] Up)> WriteAdapter(LlamaModel model, int seed, params SafetensorsWriter.Item[] extra)
    {
        var random = new Random(seed);
        var factors = new Dictionary<string, (float[] Down, float[] Up)>();
        var items = new List<SafetensorsWriter.Item>();
        foreach (var (name, shape) in LlamaTensors.All(model.Config).Where(item => _targets.Any(target => item.Name.EndsWith($"{target}.weight", StringComparison.Ordinal))))
        {
            var module = name[..^".weight".Length];
            var pair = (Down: Numbers(Rank * (int)shape[1]), Up: Numbers((int)shape[0] * Rank));
            factors[name] = pair;
            items.Add(Item(module, "A", [Rank, shape[1]], pair.Down));
            items.Add(Item(module, "B", [shape[0], Rank], pair.Up));
        }

        SafetensorsWriter.Write(_adapter.File("adapter_model.safetensors"), [.. items, .. extra]);
        File.WriteAllText(
            _adapter.File("adapter_config.json"),
            """
            {
              "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": "somebody/model", "r": 3, "lora_alpha": 7, "lora_dropout": 0.1,
              "bias": "none", "fan_in_fan_out": false, "use_dora": false, "use_rslora": false, "inference_mode": true, "init_lora_weights": true,
              "target_modules": ["q_proj", "down_proj", "lm_head"], "modules_to_save": null, "rank_pattern": {}, "alpha_pattern": {},
              "layers_to_transform": null, "megatron_core": "megatron.core", "loftq_config": {}, "peft_version": "0.17.1", "revision": null
            }
            """);
        return factors;

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) / 3))];
    }
}
