using Swarm.Inference.Configuration;
using Swarm.Testing.Models;

namespace Swarm.Inference.Tests;

/// <summary>Small models and inputs for tests.</summary>
internal static class Samples
{
    public static LlamaConfig Config(
        int heads = 4, int kvHeads = 2, bool tied = false, KvDType dtype = KvDType.Float32, int headDim = 16) => new()
        {
            VocabularySize = 97,
            HiddenSize = 48,
            IntermediateSize = 80,
            Layers = 3,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            MaxPositions = 2048,
            RopeTheta = 50_000,
            TiedEmbeddings = tied,
            DType = dtype,
        };

    public static LlamaModel Model(KvDType dtype = KvDType.Float32, ulong seed = 1) =>
        LlamaModel.CreateRandom(Config(dtype: dtype), seed, "sample");

    public static int[] Tokens(int count, int seed, int vocabulary = 97) => KvRuntimes.Tokens(count, seed, vocabulary);

    public static float[] Feed(IKvRuntime runtime, ReadOnlySpan<int> tokens, int step) => KvRuntimes.Feed(runtime, tokens, step);

    /// <summary>Two models compute the same, bit for bit.</summary>
    public static void AssertSameLogits(LlamaModel left, LlamaModel right)
    {
        using var first = left.CreateRuntime(64);
        using var second = right.CreateRuntime(64);
        Xunit.Assert.Equal(Feed(first, Tokens(50, 1), 9), Feed(second, Tokens(50, 1), 9));
    }

    public static byte[][] Read(IKvRuntime runtime, int first, int count) => KvRuntimes.Read(runtime, first, count);

    public static void Copy(IKvRuntime source, IKvRuntime target, int count, int run) => KvRuntimes.Copy(source, target, count, run);
}
