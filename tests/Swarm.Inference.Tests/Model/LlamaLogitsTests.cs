using Swarm.Core.Geometry;
using Swarm.Inference.Model;
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
        var expected = new ReferenceLlama(model).Logits(tokens);

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
        var expected = new ReferenceLlama(model).Logits(tokens);

        var logits = new float[model.Config.VocabularySize];
        for (var start = 0; start < tokens.Length; start += chunk)
        {
            var step = tokens.AsSpan(start, Math.Min(chunk, tokens.Length - start));
            runtime.Forward(step, logits);
            AssertClose(expected[start + step.Length - 1], logits, Float32Tolerance);
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
        var expected = new ReferenceLlama(model).Logits(tokens);

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
