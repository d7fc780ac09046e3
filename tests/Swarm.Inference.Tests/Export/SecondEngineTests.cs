using Swarm.Inference.Tests.Families;
using Xunit;

namespace Swarm.Inference.Tests.Export;

/// <summary>llama.cpp on the same weights: two engines that nobody wrote together agree.</summary>
public sealed class SecondEngineTests : IDisposable
{
    private const double Tolerance = 1e-3; // Of the largest logit.
    private const int Seed = 6;

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Names => GgufExportTests.Names;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void ExportGguf_AnySample_IsComputedByLlamaCppAlike(string name)
    {
        var path = _directory.File("model.gguf");
        using var model = GgufExportTests.ExportSample(name, path);
        using var other = LlamaCppModel.Load(path, new LlamaCppOptions { Threads = 1, FlashAttention = false, KeyType = "f32", ValueType = "f32" });
        using var ours = model.CreateRuntime(256);
        using var theirs = other.CreateRuntime(256);
        var tokens = FamilySamples.Tokens(133, Seed);
        var (left, right) = (new float[ours.VocabularySize], new float[theirs.VocabularySize]);
        var largest = 0.0;
        foreach (var step in (int[])[31, 1, 7, 45, 33, .. Enumerable.Repeat(1, 16)])
        {
            var chunk = tokens.AsSpan(ours.Length, step);
            ours.Forward(chunk, left);
            theirs.Forward(chunk, right);
            largest = Math.Max(largest, left.Zip(right, (one, two) => (double)Math.Abs(one - two)).Max() / left.Max(Math.Abs));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:0.0e0}");
        Assert.True(largest <= Tolerance, $"{name}, seed {Seed}: the largest deviation is {largest} of the largest logit.");
    }
}
