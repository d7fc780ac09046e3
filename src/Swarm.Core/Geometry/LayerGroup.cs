using System.Collections.Immutable;

namespace Swarm;

/// <summary>Layers that cache alike: same kind, same streams. A frame holds one group's one stream.</summary>
/// <param name="Kind">Which positions the next token needs.</param>
/// <param name="Layers">The model's layer indices in this group, ascending, without repeats.</param>
/// <param name="Streams">The streams of every layer in the group, 1 to 8.</param>
/// <param name="WindowPositions">W of <see cref="LayerGroupKind.Window"/>, else 0.</param>
/// <param name="SinkPositions">S of <see cref="LayerGroupKind.Window"/>, else 0.</param>
public sealed record LayerGroup(
    LayerGroupKind Kind,
    ImmutableArray<int> Layers,
    ImmutableArray<KvStream> Streams,
    int WindowPositions = 0,
    int SinkPositions = 0)
{
    /// <summary>Bytes of one position over all layers and streams of the group.</summary>
    public long BytesPerPosition => Layers.Length * Streams.Sum(stream => (long)stream.RowBytes);

    /// <summary>Bytes that one frame holds per position: one stream over all layers of the group.</summary>
    /// <param name="stream">Index into <see cref="Streams"/>.</param>
    /// <returns>Layers × row bytes.</returns>
    public int FrameBytesPerPosition(int stream) => Layers.Length * Streams[stream].RowBytes;
}
