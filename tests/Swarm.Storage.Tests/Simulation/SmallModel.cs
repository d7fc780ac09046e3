using System.Buffers.Binary;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Format.Frames;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>A model whose KV is a function of all inputs so far, so that KV attached to other inputs shows.</summary>
internal static class SmallModel
{
    public const int BlockTokens = 4;

    public static ModelDescriptor Descriptor { get; } = new(
        "small-test",
        "{}",
        Digest256.Sha256("weights"u8),
        "float32",
        KvGeometry.GroupedQuery(layers: 2, kvHeads: 1, headDim: 2, KvDType.Float32),
        "none",
        "none",
        "");

    public static int[] OneStepEach(int count) => [.. Enumerable.Repeat(1, count)];

    public static BlockHash HashAt(TenantKey key, ReadOnlySpan<int> tokens, int blockTokens = BlockTokens)
    {
        var hasher = new PrefixHasher(key, Descriptor.ComputeFingerprint(), blockTokens);
        hasher.Append(tokens);
        return hasher.Current();
    }

    public static KvAppend Kv(
        TenantKey key, ReadOnlySpan<int> tokens, int first, int count, int blockTokens = BlockTokens) =>
        Kv(HashAt(key, tokens[..(first + count)], blockTokens), tokens, first, count);

    /// <summary>KV of a run whose prefix hash is known.</summary>
    public static KvAppend Kv(BlockHash hash, ReadOnlySpan<int> tokens, int first, int count)
    {
        var rows = Rows(tokens[..(first + count)]);
        var frames = new byte[KvPayload.EncodedLength(Descriptor.Geometry, first, count)];
        KvPayload.Encode(
            Descriptor.Geometry,
            first,
            count,
            (_, stream, position, positions, destination) => Fill(rows, stream, position, positions, destination),
            frames);
        return new KvAppend(first, count, hash, frames);
    }

    /// <summary>Whether a run's bytes are those of these inputs.</summary>
    public static bool Matches(KvRunData run, ReadOnlySpan<int> tokens)
    {
        if (run.IsDamaged)
        {
            return false;
        }

        var rows = Rows(tokens[..(int)(run.FirstPosition + run.Count)]);
        var isEqual = true;
        KvPayload.Decode(
            Descriptor.Geometry,
            run.FirstPosition,
            run.Count,
            run.Frames.Span,
            run.FirstPosition,
            run.Count,
            (_, stream, position, positions, source) =>
            {
                var expected = new byte[source.Length];
                Fill(rows, stream, position, positions, expected);
                isEqual &= source.SequenceEqual(expected);
            });
        return isEqual;
    }

    private static ulong[] Rows(ReadOnlySpan<int> tokens)
    {
        var rows = new ulong[tokens.Length];
        var state = 0xCBF29CE484222325;
        for (var index = 0; index < tokens.Length; index++)
        {
            rows[index] = state = (state ^ (uint)tokens[index]) * 0x100000001B3;
        }

        return rows;
    }

    private static void Fill(ulong[] rows, int stream, int position, int positions, Span<byte> destination)
    {
        for (var layer = 0; layer < 2; layer++)
        {
            for (var index = 0; index < positions; index++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(
                    destination[(((layer * positions) + index) * 8)..],
                    rows[position + index] + (ulong)((stream * 2) + layer));
            }
        }
    }
}
