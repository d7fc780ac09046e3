using System.Runtime.InteropServices;
using Swarm.Gguf;
using Swarm.Inference.Configuration;
using Swarm.Inference.Tests.Families;
using TorchSharp;
using Xunit;

namespace Swarm.Inference.Tests.Export;

/// <summary>Models as GGUF: every weight is found in the file again, where llama.cpp looks for it; what it would compute otherwise is refused.</summary>
public sealed class GgufExportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Samples that llama.cpp computes as we do.</summary>
    public static TheoryData<string> Names =>
    [
        "llama", "llama-mha-llama3", "llama-mqa-linear", "llama-yarn", "mistral", "qwen2", "qwen2-yarn", "qwen3", "gemma3-sixth",
        "deepseek2-lite", "deepseek2", "deepseek2-yarn", "deepseek3", "deepseek3-deep",
    ];

    private string FilePath => _directory.File("model.gguf");

    public void Dispose() => _directory.Dispose();

    /// <summary>Writes a sample as GGUF: what another engine's test begins with.</summary>
    public static LlamaModel ExportSample(string name, string path, GgufTensorType type = GgufTensorType.Float32)
    {
        var model = FamilySamples.Model(name);
        model.ExportGguf(path, new GgufExportOptions { Type = type });
        return model;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void ExportGguf_AnySample_HoldsEveryWeight(string name)
    {
        using var model = ExportSample(name, FilePath);
        using var file = GgufFile.Open(FilePath);
        var config = model.Config;
        var isLlama = config.Family is ModelFamily.Llama or ModelFamily.Mistral;
        var found = 0;
        foreach (var (ours, tensor) in model.Tensors)
        {
            var values = Floats(tensor);
            if (ours.EndsWith("kv_b_proj.weight", StringComparison.Ordinal))
            {
                AssertLatentParts(file, ours, values, config);
                found += 2;
                continue;
            }

            var theirs = Decode(file, TheirName(ours, config), tensor.shape);
            if (isLlama && (ours.Contains(".q_proj.", StringComparison.Ordinal) || ours.Contains(".k_proj.", StringComparison.Ordinal)))
            {
                theirs = Unpermute(theirs, config.HeadDim, (int)tensor.shape[1]);
            }

            var offset = config.Family == ModelFamily.Gemma3 && ours.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            Assert.Equal(values.Select(value => value + offset), theirs);
            found++;
        }

        Assert.Equal(file.Tensors.Count, found + (config.RopeScaling is Llama3RopeScaling ? 1 : 0));
        Assert.Equal("no_vocab", file.Metadata.Require("tokenizer.ggml.model").AsText());
        Assert.Equal(config.VocabularySize, file.Metadata.Require($"{file.Metadata.Require("general.architecture").AsText()}.vocab_size").AsInteger());
    }

    [Fact]
    public void ExportGguf_Llama3Scaling_WritesWhatEachFrequencyIsDividedBy()
    {
        using var model = ExportSample("llama-mha-llama3", FilePath);
        using var file = GgufFile.Open(FilePath);

        var factors = Decode(file, "rope_freqs.weight", [8]);

        Assert.Equal(1, factors[0]);
        Assert.Equal(8, factors[^1]);
        Assert.Contains(factors, factor => factor is > 1.01f and < 7.9f);
    }

    [Theory]
    [InlineData(GgufTensorType.Float16, 1e-3)]
    [InlineData(GgufTensorType.BFloat16, 8e-3)]
    [InlineData(GgufTensorType.Q8_0, 2e-2)]
    public void ExportGguf_SmallerTypes_AreNear(GgufTensorType type, double tolerance)
    {
        using var model = LlamaModel.CreateRandom(FamilySamples.Config("qwen3") with { HiddenSize = 64, IntermediateSize = 72 }, 3, "wide");
        model.ExportGguf(FilePath, new GgufExportOptions { Type = type });
        using var file = GgufFile.Open(FilePath);

        Assert.Equal(GgufTensorType.Float32, file.Require("blk.0.attn_norm.weight").Type);
        Assert.Equal(type, file.Require("blk.0.ffn_up.weight").Type);
        Assert.Equal(type == GgufTensorType.Q8_0 ? GgufTensorType.Float16 : type, file.Require("blk.0.ffn_down.weight").Type); // Rows of 72.
        foreach (var part in (string[])["ffn_up", "ffn_down"])
        {
            var tensor = model.Tensors[$"model.layers.0.mlp.{(part == "ffn_up" ? "up" : "down")}_proj.weight"];
            var (expected, actual) = (Floats(tensor), Decode(file, $"blk.0.{part}.weight", tensor.shape));
            Assert.True(expected.Zip(actual, (left, right) => Math.Abs(left - right)).Max() <= tolerance * expected.Max(Math.Abs));
        }
    }

    [Fact]
    public void ExportGguf_Vocabulary_IsWrittenAsGiven()
    {
        using var model = FamilySamples.Model("qwen2");
        var tokens = Enumerable.Range(0, model.Config.VocabularySize).Select(token => $"t{token}").ToArray();
        model.ExportGguf(FilePath, new GgufExportOptions
        {
            Vocabulary = [new("tokenizer.ggml.model", GgufValue.Of("gpt2")), new("tokenizer.ggml.tokens", GgufValue.OfArray(tokens))],
        });
        using var file = GgufFile.Open(FilePath);

        Assert.Equal("gpt2", file.Metadata.Require("tokenizer.ggml.model").AsText());
        Assert.Equal(tokens, file.Metadata.Require("tokenizer.ggml.tokens").AsTexts());
    }

    [Theory]
    [InlineData("mistral-window-7", "sliding_window 7")]
    [InlineData("qwen2-window", "sliding_window 33")]
    [InlineData("qwen3-bias", "attention_bias")]
    [InlineData("qwen3-yarn", "truncate")]
    [InlineData("gemma3", "a window in layers 0,1")]
    [InlineData("gemma3-linear", "a window in layers 0,2")]
    [InlineData("deepseek3-yarn", "mscale 1 and mscale_all_dim 0.8")]
    public void ExportGguf_WhatLlamaCppComputesOtherwise_IsRefusedByName(string name, string expected)
    {
        using var model = FamilySamples.Model(name);

        var error = Assert.Throws<NotSupportedException>(() => model.ExportGguf(FilePath, new GgufExportOptions()));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public void ExportGguf_OtherNumbersThatLlamaCppFixes_AreRefused()
    {
        var gemma = FamilySamples.Config("gemma3-sixth");
        Assert.Contains("rope_local_base_freq 5000", Fault(gemma with { WindowRopeTheta = 5000 }), StringComparison.Ordinal);
        Assert.Contains("query_pre_attn_scalar 20", Fault(gemma with { QueryPreAttentionScalar = 20 }), StringComparison.Ordinal);
        Assert.Contains("rope_type 'yarn'", Fault(gemma with { RopeScaling = new YarnRopeScaling(4, 128) }), StringComparison.Ordinal);
        Assert.Contains("rms_norm_eps 1E-05", Fault(FamilySamples.Config("deepseek2") with { RmsNormEpsilon = 1e-5 }), StringComparison.Ordinal);
        Assert.Contains("q_lora_rank 28 with 26 layers", Fault(FamilySamples.Config("deepseek2") with { Layers = 26 }), StringComparison.Ordinal);
        Assert.Contains(
            "rope_type 'llama3'", Fault(FamilySamples.Config("qwen2") with { RopeScaling = new Llama3RopeScaling(8, 1, 4, 256) }), StringComparison.Ordinal);

        string Fault(LlamaConfig config)
        {
            using var model = LlamaModel.CreateRandom(config, 1, "other");
            return Assert.Throws<NotSupportedException>(() => model.ExportGguf(FilePath, new GgufExportOptions())).Message;
        }
    }

    [Fact]
    public void ExportGguf_BadOptions_Throw()
    {
        using var model = FamilySamples.Model("llama");

        Assert.Throws<ArgumentException>(() => model.ExportGguf(FilePath, new GgufExportOptions { Type = GgufTensorType.Q4_0 }));
        Assert.Throws<ArgumentException>(
            () => model.ExportGguf(FilePath, new GgufExportOptions { Vocabulary = [new("general.name", GgufValue.Of("x"))] }));
        Assert.Contains(
            "has 1 tokens, and the model 89",
            Assert.Throws<ArgumentException>(() => model.ExportGguf(
                FilePath, new GgufExportOptions { Vocabulary = [new("tokenizer.ggml.tokens", GgufValue.OfArray(["a"]))] })).Message,
            StringComparison.Ordinal);
        Assert.False(File.Exists(FilePath));
    }

    // Written out again here: a table shared with the exporter would share its mistakes.
    private static string TheirName(string ours, LlamaConfig config)
    {
        var isGemma = config.Family == ModelFamily.Gemma3;
        return ours
            .Replace("model.embed_tokens", "token_embd", StringComparison.Ordinal)
            .Replace("model.norm", "output_norm", StringComparison.Ordinal)
            .Replace("lm_head", "output", StringComparison.Ordinal)
            .Replace("model.layers", "blk", StringComparison.Ordinal)
            .Replace("pre_feedforward_layernorm", "ffn_norm", StringComparison.Ordinal)
            .Replace("post_feedforward_layernorm", "post_ffw_norm", StringComparison.Ordinal)
            .Replace("post_attention_layernorm", isGemma ? "post_attention_norm" : "ffn_norm", StringComparison.Ordinal)
            .Replace("input_layernorm", "attn_norm", StringComparison.Ordinal)
            .Replace("kv_a_proj_with_mqa", "kv_a_mqa", StringComparison.Ordinal)
            .Replace("_a_layernorm", "_a_norm", StringComparison.Ordinal)
            .Replace("_proj", "", StringComparison.Ordinal)
            .Replace("self_attn.o", "attn_output", StringComparison.Ordinal)
            .Replace("self_attn.", "attn_", StringComparison.Ordinal)
            .Replace("mlp.", "ffn_", StringComparison.Ordinal);
    }

    private static void AssertLatentParts(GgufFile file, string ours, float[] values, LlamaConfig config)
    {
        var (layer, shape) = (ours.Split('.')[2], config.Latent!);
        var (plain, size, rank) = (shape.PlainHeadDim, shape.ValueHeadDim, shape.KvRank);
        var keys = Decode(file, $"blk.{layer}.attn_k_b.weight", [config.Heads, rank, plain]);
        var up = Decode(file, $"blk.{layer}.attn_v_b.weight", [config.Heads, size, rank]);
        for (var head = 0; head < config.Heads; head++)
        {
            for (var row = 0; row < plain + size; row++)
            {
                for (var column = 0; column < rank; column++)
                {
                    var expected = values[(((head * (plain + size)) + row) * rank) + column];
                    Assert.Equal(
                        expected, row < plain ? keys[(((head * rank) + column) * plain) + row] : up[(((head * size) + row - plain) * rank) + column]);
                }
            }
        }
    }

    /// <summary>Rows as Hugging Face has them: pairs (2i, 2i + 1) of a head are elements i and i + half.</summary>
    private static float[] Unpermute(float[] values, int head, int width)
    {
        var rows = values.Chunk(width).ToArray();
        var result = new float[rows.Length][];
        for (var row = 0; row < rows.Length; row++)
        {
            var (first, within) = (row / head * head, row % head);
            result[first + (within / 2) + (within % 2 * (head / 2))] = rows[row];
        }

        return [.. result.SelectMany(row => row)];
    }

    private static float[] Decode(GgufFile file, string name, long[] shape)
    {
        var tensor = file.Require(name);
        Assert.Equal(shape.Reverse(), tensor.Dimensions);
        var bytes = new byte[tensor.ByteLength];
        file.Read(name, bytes);
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        GgufElements.Decode(tensor.Type, bytes, values);
        return values;
    }

    private static float[] Floats(torch.Tensor tensor)
    {
        using var whole = tensor.contiguous();
        return MemoryMarshal.Cast<byte, float>(whole.bytes).ToArray();
    }
}
