using Swarm.Inference.Configuration;

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

    public static int[] Tokens(int count, int seed, int vocabulary = 97)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>Feeds tokens in steps of some length; gives the last logits.</summary>
    public static float[] Feed(IKvRuntime runtime, ReadOnlySpan<int> tokens, int step)
    {
        var logits = new float[runtime.VocabularySize];
        for (var start = 0; start < tokens.Length; start += step)
        {
            runtime.Forward(tokens.Slice(start, Math.Min(step, tokens.Length - start)), logits);
        }

        return logits;
    }

    /// <summary>Two models compute the same, bit for bit.</summary>
    public static void AssertSameLogits(LlamaModel left, LlamaModel right)
    {
        using var first = left.CreateRuntime(64);
        using var second = right.CreateRuntime(64);
        Xunit.Assert.Equal(Feed(first, Tokens(50, 1), 9), Feed(second, Tokens(50, 1), 9));
    }

    /// <summary>All KV of a run of positions, stream by stream, group by group.</summary>
    public static byte[][] Read(IKvRuntime runtime, int first, int count) =>
    [
        .. Streams(runtime).Select(item =>
        {
            var bytes = new byte[count * runtime.Model.Geometry.Groups[item.Group].FrameBytesPerPosition(item.Stream)];
            runtime.ReadKv(item.Group, item.Stream, first, count, bytes);
            return bytes;
        }),
    ];

    /// <summary>Copies KV from one runtime to another, in runs of some length.</summary>
    public static void Copy(IKvRuntime source, IKvRuntime target, int count, int run)
    {
        for (var first = 0; first < count; first += run)
        {
            var length = Math.Min(run, count - first);
            foreach (var ((group, stream), bytes) in Streams(source).Zip(Read(source, first, length)))
            {
                target.WriteKv(group, stream, first, length, bytes);
            }
        }

        target.CommitImported(count);
    }

    private static IEnumerable<(int Group, int Stream)> Streams(IKvRuntime runtime) => runtime.Model.Geometry.Groups
        .SelectMany((group, index) => Enumerable.Range(0, group.Streams.Length).Select(stream => (index, stream)));
}
