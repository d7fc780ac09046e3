using Swarm.Inference.Configuration;
using Swarm.Inference.Tests.Reference;
using Xunit;

namespace Swarm.Inference.Tests.Model;

/// <summary>Logits against an independent computation.</summary>
public sealed class LlamaLogitsTests
{
    // Logits spread over several units. fp32 rounds at 6e-8 of them; a few hundred operations deep 2e-4 is ample.
    private const double Float32Tolerance = 2e-4;

    // bf16 rounds each activation at 4e-3 of it; observed largest differences are about 0.05.
    private const double BFloat16Tolerance = 0.2;

    [Theory]
    [InlineData(4, 4, false, 16)] // MHA
    [InlineData(4, 2, false, 16)] // GQA
    [InlineData(6, 1, false, 8)] // MQA
    [InlineData(4, 2, true, 12)] // Tied; the heads' width is not the model's.
    public void Forward_StepByStep_EqualsReference(int heads, int kvHeads, bool tied, int headDim)
    {
        using var model = LlamaModel.CreateRandom(Samples.Config(heads, kvHeads, tied, headDim: headDim), 11, "test");
        using var runtime = model.CreateRuntime(256);
        var tokens = Samples.Tokens(40, 3);
        var expected = new ReferenceDecoder(model).Logits(tokens);

        var logits = new float[model.Config.VocabularySize];
        for (var position = 0; position < tokens.Length; position++)
        {
            runtime.Forward(tokens.AsSpan(position, 1), logits);
            AssertClose(expected[position], logits, Float32Tolerance);
        }
    }

    [Theory]
    [InlineData(4, 4, 7)]
    [InlineData(4, 2, 16)]
    [InlineData(6, 1, 33)]
    [InlineData(6, 3, 150)]
    public void Forward_InChunks_EqualsReference(int heads, int kvHeads, int chunk)
    {
        using var model = LlamaModel.CreateRandom(Samples.Config(heads, kvHeads, headDim: 8), 5, "test");
        using var runtime = model.CreateRuntime(256);
        var tokens = Samples.Tokens(150, 4);
        var expected = new ReferenceDecoder(model).Logits(tokens);

        var logits = new float[model.Config.VocabularySize];
        for (var start = 0; start < tokens.Length; start += chunk)
        {
            var step = tokens.AsSpan(start, Math.Min(chunk, tokens.Length - start));
            runtime.Forward(step, logits);
            AssertClose(expected[start + step.Length - 1], logits, Float32Tolerance);
        }
    }

    // Of 16 frequencies with theta 50,000 some are kept, some blended and some divided, as the test asserts.
    [Theory]
    [InlineData("llama3", 1)]
    [InlineData("llama3", 33)]
    [InlineData("linear", 33)]
    public void Forward_ScaledRotary_EqualsReference(string type, int chunk)
    {
        RopeScaling scaling = type == "linear" ? new LinearRopeScaling(4) : new Llama3RopeScaling(8, 1, 4, 256);
        var config = Samples.Config(headDim: 32) with { RopeScaling = scaling };
        using var model = LlamaModel.CreateRandom(config, 5, "scaled");
        using var plain = LlamaModel.CreateRandom(config with { RopeScaling = null }, 5, "plain");
        using var runtime = model.CreateRuntime(256);
        using var other = plain.CreateRuntime(256);
        var tokens = Samples.Tokens(150, 4);
        var expected = new ReferenceDecoder(model).Logits(tokens);

        AssertClose(expected[^1], Samples.Feed(runtime, tokens, chunk), Float32Tolerance);

        var unscaled = Samples.Feed(other, tokens, chunk);
        Assert.True(expected[^1].Zip(unscaled, (left, right) => Math.Abs(left - right)).Max() > 100 * Float32Tolerance);
        Assert.NotEqual(plain.Descriptor.ComputeFingerprint(), model.Descriptor.ComputeFingerprint());
        if (scaling is Llama3RopeScaling)
        {
            var ratios = Enumerable.Range(0, 16)
                .Select(index => new RopeFrequency(index, 32, 50_000))
                .Select(frequency => scaling.Scale(frequency) / frequency.Plain)
                .ToArray();
            Assert.Contains(1, ratios);
            Assert.Contains(0.125, ratios);
            Assert.Contains(ratios, ratio => ratio is > 0.13 and < 0.99);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(24)]
    public void Forward_BFloat16_IsNearReference(int chunk)
    {
        using var model = LlamaModel.CreateRandom(Samples.Config(dtype: KvDType.BFloat16), 5, "test");
        using var runtime = model.CreateRuntime(256);
        var tokens = Samples.Tokens(72, 9);
        var expected = new ReferenceDecoder(model).Logits(tokens);

        AssertClose(expected[^1], Samples.Feed(runtime, tokens, chunk), BFloat16Tolerance);
    }

    [Fact]
    public void Forward_StoresKeysAndValuesOfEachPosition_ChunkedNearStepwise()
    {
        using var model = Samples.Model();
        using var chunked = model.CreateRuntime(256);
        using var stepwise = model.CreateRuntime(256);
        var tokens = Samples.Tokens(130, 6);
        Samples.Feed(chunked, tokens, 130);
        Samples.Feed(stepwise, tokens, 1);

        foreach (var (left, right) in Samples.Read(chunked, 0, 130).Zip(Samples.Read(stepwise, 0, 130)))
        {
            AssertClose(
                [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(left).ToArray().Select(value => (double)value)],
                System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(right).ToArray(),
                Float32Tolerance);
        }
    }

    [Fact]
    public void Forward_Presets_GiveSpreadLogits()
    {
        using var model = LlamaModel.CreatePreset("tiny", 1);
        using var runtime = model.CreateRuntime(64);

        var logits = Samples.Feed(runtime, Samples.Tokens(20, 1), 20);

        Assert.InRange(logits.Max() - logits.Average(), 1, 30);
        Assert.InRange(model.Config.ParameterCount, 800_000, 1_500_000);
    }

    private static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var difference = expected.Zip(actual, (left, right) => Math.Abs(left - right)).Max();
        Assert.True(difference <= tolerance, $"The largest difference is {difference}; at most {tolerance} is right.");
    }
}
