using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Swarm.Inference.Configuration;
using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>Directories as other people's tools leave them: loaded with the right numbers, or refused by name.</summary>
public sealed class ForeignModelTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // A golden value for each: other fingerprints would part every stored context from its model.
    [Fact]
    public void ComputeFingerprint_ModelsOfBefore_IsStable()
    {
        using var plain = LlamaModel.CreateRandom(Samples.Config(), 3, "plain", "tokenizer-1");
        using var half = LlamaModel.CreateRandom(Samples.Config(tied: true, dtype: KvDType.BFloat16), 3, "half", "tokenizer-1");
        using var tiny = LlamaModel.CreatePreset("tiny", 1);

        Assert.Equal("2d626c472449c99b01551cc8d9676cdb1357c262b2f00fdc45e19d52682ffbf0", plain.Descriptor.ComputeFingerprint().ToString());
        Assert.Equal("ace88efa7f05c6090afee67aaa493fc899163096cc9bd6a0c7ab1b39353033c3", half.Descriptor.ComputeFingerprint().ToString());
        Assert.Equal("83906b71aa49152fa252cbef67eeb4260ac8d520a95ec0dcd91c14964349e5bc", tiny.Descriptor.ComputeFingerprint().ToString());
    }

    [Fact]
    public void Load_Transformers5Form_HasTheFingerprintOfTransformers4Form()
    {
        using var model = LlamaModel.CreateRandom(
            Samples.Config(dtype: KvDType.BFloat16) with { RopeScaling = new Llama3RopeScaling(8, 1, 4, 256) }, 3, "scaled");
        _folder.Write(model);
        using var old = LlamaModel.Load(_folder.Path);
        _folder.Configure(
            ("rope_theta", null),
            ("rope_scaling", null),
            ("torch_dtype", null),
            ("dtype", "bfloat16"),
            ("rope_parameters", JsonNode.Parse(
                """
                {
                  "rope_theta": 50000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                  "original_max_position_embeddings": 256
                }
                """)));

        using var current = LlamaModel.Load(_folder.Path);

        Assert.Equal(model.Descriptor.ComputeFingerprint(), old.Descriptor.ComputeFingerprint());
        Assert.Equal(model.Descriptor.ComputeFingerprint(), current.Descriptor.ComputeFingerprint());
        Samples.AssertSameLogits(model, current);
    }

    [Theory]
    [InlineData("adapter_config.json")]
    [InlineData("adapter_model.safetensors")]
    [InlineData("adapter_model.bin")]
    public void Load_AdapterBesideTheWeights_IsRefused(string name)
    {
        WriteSample();
        File.WriteAllText(_folder.File(name), "{}");

        var fault = _folder.LoadFault();

        Assert.Contains(_folder.File(name), fault, StringComparison.Ordinal);
        Assert.Contains("merge_and_unload", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.bias", "F32")]
    [InlineData("model.layers.2.self_attn.q_norm.weight", "BF16")]
    [InlineData("model.layers.1.mlp.down_proj.bias", "F16")]
    [InlineData("model.layers.0.mlp.gate_proj.weight_scale", "F32")]
    [InlineData("model.layers.0.mlp.gate_proj.weight_scale_inv", "F32")]
    [InlineData("model.layers.0.mlp.gate_proj.weight_mask", "BOOL")]
    [InlineData("model.layers.0.self_attn.q_proj.qzeros", "I32")]
    [InlineData("lm_head.bias", "F32")]
    [InlineData("model.layers.0.self_attn.sinks", "F32")]
    [InlineData("something", "A_TYPE_OF_TOMORROW")]
    public void Load_TensorThatChangesTheLogits_IsRefusedByName(string name, string dtype)
    {
        WriteSample((name, dtype, [8], new byte[dtype switch { "BOOL" => 8, "F16" or "BF16" => 16, _ => 32 }]));

        var fault = _folder.LoadFault();

        Assert.Contains(_folder.WeightsPath, fault, StringComparison.Ordinal);
        Assert.Contains($"'{name}' ({dtype} [8])", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OneMoreLayer_NamesItsTensorsAndTheNumberOfLayers()
    {
        using var model = Samples.Model();
        _folder.Write(model);
        _folder.Configure(("num_hidden_layers", 2));

        var fault = _folder.LoadFault();

        Assert.Contains("'model.layers.2.input_layernorm.weight'", fault, StringComparison.Ordinal);
        Assert.Contains("and 5 more", fault, StringComparison.Ordinal);
        Assert.Contains("num_hidden_layers is 2", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnmergedAdapterAmongTheWeights_SaysToMergeIt()
    {
        WriteSample(("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "F32", [2], new byte[8]));

        Assert.Contains("Merge the adapter", _folder.LoadFault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BuffersThatNothingNeeds_ChangeNothing()
    {
        using var model = Samples.Model();
        _folder.Write(
            model,
            null,
            ("model.position_ids", "I64", [1, 4], new byte[32]),
            ("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", [8], new byte[32]),
            ("model.layers.1.self_attn.rotary_emb.inv_freq", "F16", [8], new byte[16]),
            ("model.rotary_emb.inv_freq", "F64", [8], new byte[64]),
            ("model.causal_mask", "BOOL", [3, 3], new byte[9]),
            ("model.layers.0.self_attn.masked_bias", "F32", [], new byte[4]),
            ("model.layers.0.self_attn.some_mask", "BOOL", [2], new byte[2]));

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal([$"{_folder.WeightsPath}: 'model.layers.0.self_attn.some_mask' (BOOL [2])"], loaded.Ignored);
        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
        Samples.AssertSameLogits(model, loaded);
    }

    [Fact]
    public void Load_UnknownField_IsListed()
    {
        WriteSample();
        _folder.Configure(("frobnicate", 3));

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal([$"{_folder.ConfigPath}: frobnicate 3"], loaded.Ignored);
    }

    [Fact]
    public void Load_NeededTensorOfAnotherType_NamesIt()
    {
        using var model = Samples.Model();
        _folder.Write(model, ["model.norm.weight"], ("model.norm.weight", "F64", [48], new byte[48 * 8]));

        var fault = _folder.LoadFault();

        Assert.Contains("'model.norm.weight' has dtype F64; F32, BF16 and F16 are supported", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_HalfWeightsWithoutADTypeInTheConfiguration_AsksForIt()
    {
        using var model = Samples.Model(KvDType.BFloat16);
        _folder.Write(model);
        _folder.Configure(("torch_dtype", null));

        Assert.Contains("set its dtype to 'float32' or 'bfloat16'", _folder.LoadFault(), StringComparison.Ordinal);

        _folder.Configure(("dtype", "bfloat16"));
        using var loaded = LlamaModel.Load(_folder.Path);
        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
    }

    [Fact]
    public void Load_FullWeightsWithoutADTypeInTheConfiguration_AreFloat32()
    {
        using var model = Samples.Model();
        _folder.Write(model);
        _folder.Configure(("torch_dtype", null));

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
    }

    [Fact]
    public void Load_NoHeadAndNotTied_SaysHowToTie()
    {
        using var model = Samples.Model();
        _folder.Write(model, ["lm_head.weight"]);
        foreach (var value in (JsonNode?[])[false, null])
        {
            _folder.Configure(("tie_word_embeddings", value));

            var fault = _folder.LoadFault();

            Assert.Contains("'lm_head.weight'", fault, StringComparison.Ordinal);
            Assert.Contains("tie_word_embeddings", fault, StringComparison.Ordinal);
            Assert.Contains("set it to true", fault, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_TiedWithAHeadOfItsOwn_IsTakenOnlyIfItIsTheEmbedding()
    {
        using var model = LlamaModel.CreateRandom(Samples.Config(tied: true), 3, "tied");
        var head = model.Tensors["model.embed_tokens.weight"].bytes.ToArray();
        _folder.Write(model, null, ("lm_head.weight", "F32", [97, 48], head));
        using (var loaded = LlamaModel.Load(_folder.Path))
        {
            Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
            Assert.Empty(loaded.Ignored);
        }

        head[^1] ^= 1;
        _folder.Write(model, null, ("lm_head.weight", "F32", [97, 48], head));

        var error = Assert.Throws<ModelFormatException>(() => LlamaModel.Load(_folder.Path));
        Assert.Contains("'lm_head.weight' differs from 'model.embed_tokens.weight'", error.Message, StringComparison.Ordinal);
        Assert.Contains("tie_word_embeddings", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_StaleIndexBesideTheCompleteFile_ReadsTheFileAndSaysSo()
    {
        using var model = Samples.Model();
        using var older = Samples.Model(seed: 9);
        _folder.WriteShards(older);
        File.Delete(_folder.File(ModelFolder.Shard(1)));
        File.Delete(_folder.File(ModelFolder.Shard(2)));
        _folder.Write(model);

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
        Assert.Contains(_folder.IndexPath, Assert.Single(loaded.Ignored), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Load_ShardsBesideTheCompleteFile_IsRefused(int remaining)
    {
        using var model = Samples.Model();
        _folder.WriteShards(model);
        File.Delete(_folder.File(ModelFolder.Shard(3 - remaining)));
        _folder.Write(model);

        var fault = _folder.LoadFault();

        Assert.Contains("model.safetensors", fault, StringComparison.Ordinal);
        Assert.Contains(ModelFolder.Shard(remaining), fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_IndexOfTheOneFile_IsFollowed()
    {
        using var model = Samples.Model();
        _folder.Write(model);
        var map = new JsonObject();
        foreach (var (name, _) in LlamaTensors.All(model.Config))
        {
            map[name] = "model.safetensors";
        }

        File.WriteAllText(_folder.IndexPath, new JsonObject { ["weight_map"] = map }.ToJsonString());

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
        Assert.Empty(loaded.Ignored);
    }

    [Fact]
    public void Load_TensorInTwoShards_IsRefused()
    {
        using var model = Samples.Model();
        _folder.WriteShards(model);
        File.Copy(_folder.File(ModelFolder.Shard(1)), _folder.File(ModelFolder.Shard(2)), overwrite: true);

        var fault = _folder.LoadFault();

        Assert.Contains(ModelFolder.Shard(1), fault, StringComparison.Ordinal);
        Assert.Contains(ModelFolder.Shard(2), fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public void Load_ByteOrderMarkInTheJsonFiles_ChangesNothing(string mark)
    {
        using var model = Samples.Model();
        _folder.WriteShards(model);
        File.WriteAllText(_folder.ConfigPath, mark + File.ReadAllText(_folder.ConfigPath));
        File.WriteAllText(_folder.IndexPath, mark + File.ReadAllText(_folder.IndexPath));

        using var loaded = LlamaModel.Load(_folder.Path);

        Assert.Equal(model.Descriptor.ComputeFingerprint(), loaded.Descriptor.ComputeFingerprint());
    }

    [Theory]
    [InlineData("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 24\n", "Git LFS pointer")]
    [InlineData("model.safetensors", "<html>Sign in</html>", "HTML")]
    [InlineData("model.safetensors", "", "is empty")]
    [InlineData("config.json", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 24\n", "Git LFS pointer")]
    [InlineData("config.json", "<html>Sign in</html>", "HTML")]
    [InlineData("config.json", "", "is empty")]
    [InlineData("model.safetensors.index.json", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 24\n", "Git LFS pointer")]
    public void Load_FileThatIsNotWhatItsNameSays_SaysWhatItIs(string file, string content, string expected)
    {
        WriteSample();
        File.WriteAllText(_folder.File(file), content);

        var fault = _folder.LoadFault();

        Assert.Contains(_folder.File(file), fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileCutAnywhere_SaysThatItWasCut()
    {
        WriteSample();
        var whole = File.ReadAllBytes(_folder.WeightsPath);
        const int Seed = 4;
        var random = new Random(Seed);
        int[] lengths = [9, 100, whole.Length - 1, .. Enumerable.Range(0, 20).Select(_ => random.Next(9, whole.Length))];
        foreach (var length in lengths)
        {
            File.WriteAllBytes(_folder.WeightsPath, whole[..length]);

            var fault = _folder.LoadFault();

            Assert.True(fault.Contains("was cut", StringComparison.Ordinal), $"Seed {Seed}, {length} bytes: {fault}");
        }
    }

    [Fact]
    public void Load_OtherWeightsAlone_NamesThemAndWhatIsNeeded()
    {
        WriteSample();
        File.Move(_folder.WeightsPath, _folder.File("pytorch_model.bin"));

        var fault = _folder.LoadFault();

        Assert.Contains("model.safetensors does not exist", fault, StringComparison.Ordinal);
        Assert.Contains("pytorch_model.bin", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_Always_NamesTheFormatThatPythonAsksFor()
    {
        using var model = Samples.Model();
        model.Save(_folder.Path);

        var bytes = File.ReadAllBytes(_folder.WeightsPath);
        var header = JsonDocument.Parse(
            Encoding.UTF8.GetString(bytes.AsSpan(8, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes))));

        Assert.Equal("pt", header.RootElement.GetProperty("__metadata__").GetProperty("format").GetString());
    }

    private void WriteSample(params (string Name, string DType, long[] Shape, byte[] Bytes)[] extra)
    {
        using var model = Samples.Model();
        _folder.Write(model, null, extra);
    }
}
