namespace Swarm.Testing.Models;

/// <summary>What tests of runtimes do to any of them.</summary>
public static class KvRuntimes
{
    /// <summary>Tokens that depend on the seed alone.</summary>
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

    /// <summary>All KV of a run of positions, stream by stream, group by group.</summary>
    public static byte[][] Read(IKvRuntime runtime, int first, int count) =>
    [
        .. Streams(runtime).Select(item =>
        {
            var bytes = new byte[(long)runtime.Model.Geometry.Groups[item.Group].FrameBytesPerPosition(item.Stream) * count];
            runtime.ReadKv(item.Group, item.Stream, first, count, bytes);
            return bytes;
        }),
    ];

    /// <summary>Writes what <see cref="Read"/> gave, without committing it.</summary>
    public static void Write(IKvRuntime runtime, int first, int count, byte[][] streams)
    {
        foreach (var ((group, stream), bytes) in Streams(runtime).Zip(streams))
        {
            runtime.WriteKv(group, stream, first, count, bytes);
        }
    }

    /// <summary>Copies KV from one runtime to another, in runs of some length.</summary>
    public static void Copy(IKvRuntime source, IKvRuntime target, int count, int run)
    {
        for (var first = 0; first < count; first += run)
        {
            var length = Math.Min(run, count - first);
            Write(target, first, length, Read(source, first, length));
        }

        target.CommitImported(count);
    }

    /// <summary>Every stream of every group.</summary>
    public static IReadOnlyList<(int Group, int Stream)> Streams(IKvRuntime runtime) =>
    [
        .. runtime.Model.Geometry.Groups.SelectMany((group, number) => group.Streams.Select((_, stream) => (number, stream))),
    ];
}
