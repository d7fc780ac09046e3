using Swarm.Gguf;
using Swarm.LlamaCpp.Native;
using Swarm.Testing;
using Swarm.Testing.Models;
using Xunit;

namespace Swarm.LlamaCpp.Tests;

/// <summary>Loading a model: what its descriptor says, and what is refused by name.</summary>
public sealed class LlamaCppModelTests : IDisposable
{
    private static readonly LlamaCppOptions _options = new() { Threads = 1 };
    private readonly TempDirectory _folder = new();

    [Fact]
    public void Load_Model_HasWhatTheFileSays()
    {
        var path = new RandomGguf().Write(_folder.Combine("small.gguf"));
        using var model = LlamaCppModel.Load(path, _options);

        Assert.Equal(new LlamaCppModelInfo("llama", 3, 2048, 97, false, LlamaCppModel.Inspect(path).ParameterCount), model.Info);
        Assert.Equal("small", model.Descriptor.Name);
        Assert.Equal("none", model.Descriptor.Tokenizer);
        Assert.Equal("post-rope", model.Descriptor.Geometry.KeyForm);
        Assert.Equal(KvGeometry.GroupedQuery(3, 2, 32, KvDType.Float16), model.Descriptor.Geometry);
        Assert.Contains("llama.rope.freq_base=50000", model.Descriptor.Config, StringComparison.Ordinal);
        Assert.DoesNotContain("tokenizer", model.Descriptor.Config, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_DependsOnWeightsKeysAndTypesOfKv_AndOnNothingElse()
    {
        var first = Fingerprint(new RandomGguf(), _options, null);
        var renamed = Fingerprint(new RandomGguf(), new LlamaCppOptions { Threads = 2, FlashAttention = false, Name = "other" }, writer => writer.Add("general.name", "other"));
        ModelFingerprint[] others =
        [
            Fingerprint(new RandomGguf(Seed: 2), _options, null),
            Fingerprint(new RandomGguf(Context: 1024), _options, null),
            Fingerprint(new RandomGguf(Type: GgufTensorType.Float16), _options, null),
            Fingerprint(new RandomGguf(), new LlamaCppOptions { Threads = 1, KeyType = "bf16" }, null),
            Fingerprint(new RandomGguf(), new LlamaCppOptions { Threads = 1, ValueType = "q8_0" }, null),
            Fingerprint(new RandomGguf(), new LlamaCppOptions { Threads = 1, Tokenizer = "telemetry" }, null),
            Fingerprint(new RandomGguf(), _options, writer => writer.Add("llama.rope.scale_linear", 2f)),
        ];

        Assert.Equal(first, renamed);
        Assert.Equal(others.Length + 1, others.Append(first).Distinct().Count());
    }

    [Theory]
    [InlineData("'llama.block_count' is 0; 1 to 512", "llama.block_count", 0)]
    [InlineData("'llama.block_count' is 513; 1 to 512", "llama.block_count", 513)]
    [InlineData("'llama.attention.head_count' is 7; a divisor", "llama.attention.head_count", 7)]
    [InlineData("'llama.expert_count' is 100000", "llama.expert_count", 100_000)]
    [InlineData("no key 'llama.expert_used_count'", "llama.expert_count", 2)]
    [InlineData("'llama.expert_used_count' is 1; 0 to 0", "llama.expert_used_count", 1)]
    [InlineData("'llama.rope.dimension_count' is 31; an even", "llama.rope.dimension_count", 31)]
    [InlineData("'llama.rope.dimension_count' is 34; at most", "llama.rope.dimension_count", 34)]
    [InlineData("'llama.embedding_length' is 0", "llama.embedding_length", 0)]
    [InlineData("'llama.context_length' is 0", "llama.context_length", 0)]
    public void Load_ValueThatLlamaCppDoesNotSurvive_IsRefusedByItsKey(string message, string key, int value)
    {
        var path = Changed(new RandomGguf(), key, GgufValue.Of((uint)value), dropped: key.EndsWith("head_count", StringComparison.Ordinal) ? ["llama.attention.key_length"] : []);

        Refused(path, message);
    }

    [Fact]
    public void Load_LatentLengthsThatDoNotAddUp_AreRefusedByTheirKeys()
    {
        var shape = new RandomGguf { Architecture = "deepseek2" };

        Refused(Changed(shape, "deepseek2.attention.key_length", GgufValue.Of(21u)), "'deepseek2.attention.key_length' is 21; 80 is supported");
        Refused(Changed(shape, "deepseek2.attention.value_length", GgufValue.Of(21u)), "'deepseek2.attention.value_length' is 21; 64 is supported");
    }

    [Fact]
    public void Load_VocabularyListsOfOtherLengths_AreRefusedByTheirKeys()
    {
        var tokens = GgufValue.OfArray([.. Enumerable.Range(0, 97).Select(token => $"t{token}")]);

        Refused(Changed(new RandomGguf(), "tokenizer.ggml.tokens", tokens, ("tokenizer.ggml.scores", GgufValue.OfArray((ReadOnlySpan<float>)[1f]))), "'tokenizer.ggml.scores' is 1 values");
        Refused(Changed(new RandomGguf(), "tokenizer.ggml.tokens", tokens, ("tokenizer.ggml.token_type", GgufValue.OfArray(new float[97]))), "'tokenizer.ggml.token_type' is 97 values of type Float32");
        Refused(Changed(new RandomGguf(), "tokenizer.ggml.tokens", GgufValue.Of(97u)), "'tokenizer.ggml.tokens' is of type UInt32");
    }

    [Fact]
    public void Load_WhatLlamaCppRefuses_SaysWhatItSays()
    {
        var path = Changed(new RandomGguf(), "general.architecture", GgufValue.Of("llama"), dropped: ["blk.1.attn_k.weight"]);

        var error = Assert.Throws<LlamaCppException>(() => LlamaCppModel.Load(path, _options));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("blk.1.attn_k.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BadOptions_NamesAllOfThem()
    {
        var error = Assert.Throws<ArgumentException>(() => LlamaCppModel.Load(
            "model.gguf", new LlamaCppOptions { Threads = 0, FlashAttention = false, KeyType = "q4_k", ValueType = "q8_0", InstructionSet = "sse" }));

        foreach (var named in new[] { "Threads", "KeyType", "q4_k", "ValueType", "flash attention", "InstructionSet", "sse" })
        {
            Assert.Contains(named, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_SettingsOfTheProcessThatDiffer_AreRefused()
    {
        var path = new RandomGguf().Write(_folder.Combine("model.gguf"));
        using var model = LlamaCppModel.Load(path, _options);

        Assert.Throws<LlamaCppException>(() => LlamaCppModel.Load(path, new LlamaCppOptions { IdleThreadsSpin = true }));
        if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
        {
            Assert.Throws<LlamaCppException>(() => LlamaCppModel.Load(path, new LlamaCppOptions { InstructionSet = "avx" }));
        }
    }

    [Fact]
    public void CreateRuntime_OutOfRange_Throws()
    {
        using var model = LlamaCppModel.Load(new RandomGguf().Write(_folder.Combine("model.gguf")), _options);

        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(2049));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.CreateRuntime(64, 0));
    }

    // llama.cpp asserts relations between its sizes, and an assertion ends the process.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 512)]
    [InlineData(3, 2)]
    [InlineData(2048, 1)]
    [InlineData(300, 65_536)]
    public void CreateRuntime_ExtremeSizes_IsFilledToItsLastPosition(int positions, int step)
    {
        using var model = LlamaCppModel.Load(new RandomGguf().Write(_folder.Combine("model.gguf")), _options);
        using var runtime = model.CreateRuntime(positions, step);

        KvRuntimes.Feed(runtime, KvRuntimes.Tokens(positions, 1), step);

        Assert.Equal(positions, runtime.Length);
        Assert.Throws<InvalidOperationException>(() => runtime.Forward([1], new float[97]));
        runtime.Truncate(0);
        runtime.Forward([1], new float[97]);
    }

    [Fact]
    public void Dispose_ModelBeforeItsRuntime_LeavesTheRuntimeAtWork()
    {
        var model = LlamaCppModel.Load(new RandomGguf().Write(_folder.Combine("model.gguf")), _options);
        using var runtime = model.CreateRuntime(64);
        var before = KvRuntimes.Feed(runtime, [1, 2, 3], 3);

        model.Dispose();
        runtime.Truncate(0);

        Assert.Equal(before, KvRuntimes.Feed(runtime, [1, 2, 3], 3));
        Assert.Throws<ObjectDisposedException>(() => model.CreateRuntime(64));
        runtime.Dispose();
        Assert.Throws<ObjectDisposedException>(() => runtime.Forward([1], new float[97]));
    }

    // Two tables of one fact, made by different people.
    [Fact]
    public void BlockSizes_OfAllTensorTypes_AreGgmls()
    {
        using var model = LlamaCppModel.Load(new RandomGguf().Write(_folder.Combine("model.gguf")), _options);

        Assert.All(Enum.GetValues<GgufTensorType>(), type => Assert.Equal(
            (LlamaNative.TypeBlockElements((int)type), (int)LlamaNative.TypeBlockBytes((int)type)), (type.BlockElements(), type.BlockBytes())));
    }

    public void Dispose() => _folder.Dispose();

    private ModelFingerprint Fingerprint(RandomGguf shape, LlamaCppOptions options, Action<GgufWriter>? more)
    {
        var writer = shape.ToWriter();
        more?.Invoke(writer);
        var path = _folder.Combine($"{Guid.NewGuid():N}.gguf");
        writer.Write(path);
        using var model = LlamaCppModel.Load(path, options);
        return model.Descriptor.ComputeFingerprint();
    }

    private static void Refused(string path, string message)
    {
        foreach (var error in new[]
        {
            Assert.Throws<GgufFormatException>(() => LlamaCppModel.Inspect(path)), Assert.Throws<GgufFormatException>(() => LlamaCppModel.Load(path, _options)),
        })
        {
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    private string Changed(RandomGguf shape, string key, GgufValue value, (string Key, GgufValue Value)? another = null, string[]? dropped = null)
    {
        var path = _folder.Combine($"{Guid.NewGuid():N}.gguf");
        shape.Write(path);
        ChangedGguf.Rewrite(path, key, value, another, dropped ?? []);
        return path;
    }
}
