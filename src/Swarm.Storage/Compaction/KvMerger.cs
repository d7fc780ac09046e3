using System.Buffers;
using Swarm.Format.Frames;

namespace Swarm.Storage.Compaction;

/// <summary>Makes one KV payload of several that follow each other. No state; runs on any thread.</summary>
internal static class KvMerger
{
    /// <summary>Merges payloads, verifying every frame on the way.</summary>
    /// <param name="geometry">The model's geometry.</param>
    /// <param name="runs">First position, positions that count and frames of each, in order, without holes.</param>
    /// <param name="count">Positions of all.</param>
    /// <param name="destination">At least <see cref="KvPayload.EncodedLength"/> bytes.</param>
    /// <exception cref="Format.Objects.CorruptObjectException">A payload is damaged.</exception>
    public static void Merge(
        KvGeometry geometry,
        IReadOnlyList<(long FirstPosition, int Count, ReadOnlyMemory<byte> Frames)> runs,
        int count,
        Span<byte> destination)
    {
        var first = (int)runs[0].FirstPosition;
        var places = new int[geometry.Groups.Length][];
        var total = 0;
        for (var group = 0; group < places.Length; group++)
        {
            places[group] = new int[geometry.Groups[group].Streams.Length];
            for (var stream = 0; stream < places[group].Length; stream++)
            {
                places[group][stream] = total;
                total += count * geometry.Groups[group].FrameBytesPerPosition(stream);
            }
        }

        // [group][stream][layer][position][row] of the whole run.
        var rows = ArrayPool<byte>.Shared.Rent(total);
        try
        {
            foreach (var (runFirst, runCount, frames) in runs)
            {
                KvPayload.Decode(
                    geometry, runFirst, runCount, frames.Span, runFirst, runCount,
                    (group, stream, position, positions, source) => Copy(
                        source,
                        positions,
                        0,
                        rows.AsSpan(places[group][stream]),
                        count,
                        position - first,
                        positions,
                        geometry.Groups[group].Streams[stream].RowBytes,
                        geometry.Groups[group].Layers.Length));
            }

            KvPayload.Encode(
                geometry, first, count,
                (group, stream, position, positions, frame) => Copy(
                    rows.AsSpan(places[group][stream]),
                    count,
                    position - first,
                    frame,
                    positions,
                    0,
                    positions,
                    geometry.Groups[group].Streams[stream].RowBytes,
                    geometry.Groups[group].Layers.Length),
                destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rows);
        }
    }

    /// <summary>Copies positions between two [layer][position][row] arrays.</summary>
    private static void Copy(
        ReadOnlySpan<byte> source,
        int sourcePositions,
        int sourceFirst,
        Span<byte> target,
        int targetPositions,
        int targetFirst,
        int count,
        int rowBytes,
        int layers)
    {
        for (var layer = 0; layer < layers; layer++)
        {
            source.Slice(((layer * sourcePositions) + sourceFirst) * rowBytes, count * rowBytes)
                .CopyTo(target[(((layer * targetPositions) + targetFirst) * rowBytes)..]);
        }
    }
}
