using Swarm.Inference.Tests.Reference;
using Xunit;

namespace Swarm.Inference.Tests.Families;

/// <summary>Every family's logits against an independent computation in double precision.</summary>
public sealed class FamilyLogitsTests
{
    // Of the largest logit. fp32 rounds at 6e-8; observed are a few 1e-6 (the largest stand in MODELS.md).
    private const double Float32Tolerance = 1e-4;

    // bf16 rounds each activation at 4e-3 of it.
    private const double BFloat16Tolerance = 0.08;

    private const int Seed = 4;

    public static TheoryData<string> Names => FamilySamples.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_PrefillInOddChunksThenStepByStep_EqualsReference(string name)
    {
        using var model = FamilySamples.Model(name);
        using var runtime = model.CreateRuntime(256);
        var tokens = FamilySamples.Tokens(133, Seed);
        var expected = new ReferenceDecoder(model).Logits(tokens);
        var logits = new float[model.Config.VocabularySize];
        var largest = 0.0;
        foreach (var step in (int[])[31, 1, 7, 45, 33, .. Enumerable.Repeat(1, 16)])
        {
            runtime.Forward(tokens.AsSpan(runtime.Length, step), logits);
            largest = Math.Max(largest, Deviation(expected[runtime.Length - 1], logits));
        }

        Assert.Equal(tokens.Length, runtime.Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:0.0e0}");
        Assert.True(largest <= Float32Tolerance, $"{name}, seed {Seed}: the largest deviation is {largest} of the largest logit.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_BFloat16_IsNearReference(string name)
    {
        using var model = FamilySamples.Model(name, dtype: KvDType.BFloat16);
        using var runtime = model.CreateRuntime(256);
        var tokens = FamilySamples.Tokens(80, Seed);
        var expected = new ReferenceDecoder(model).Logits(tokens);

        var deviation = Deviation(expected[^1], Samples.Feed(runtime, tokens, 33));

        Assert.True(deviation <= BFloat16Tolerance, $"{name}, seed {Seed}: the deviation is {deviation} of the largest logit.");
    }

    private static double Deviation(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(actual, logit => Assert.True(float.IsFinite(logit)));
        return expected.Zip(actual, (left, right) => Math.Abs(left - right)).Max() / expected.Max(Math.Abs);
    }
}
