using System.Collections.Immutable;

namespace Swarm;

/// <summary>How a model's KV cache is laid out: part of its fingerprint.</summary>
/// <remarks>Immutable. Check a geometry from outside with <see cref="Validate"/> before use.</remarks>
public sealed record KvGeometry
{
    /// <summary>Largest frame, in raw bytes: the unit of codec, checksum, encryption and random access.</summary>
    public const int MaxFrameBytes = 1 << 20;

    /// <summary>Most layer groups.</summary>
    public const int MaxGroups = 256;

    /// <summary>Most streams of a group.</summary>
    public const int MaxStreams = 8;

    /// <summary>Most layers over all groups.</summary>
    public const int MaxLayers = 4096;

    /// <summary>Creates a geometry.</summary>
    /// <param name="groups">Layer groups, in the order of frames.</param>
    /// <param name="keyForm">Form of the stored keys: <c>post-rope</c>, <c>pre-rope</c> or <c>none</c>.</param>
    /// <exception cref="ArgumentException">The geometry is not valid; see <see cref="Validate"/>.</exception>
    public KvGeometry(ImmutableArray<LayerGroup> groups, string keyForm = "post-rope")
    {
        Groups = groups;
        KeyForm = keyForm;
        Validate();
    }

    /// <summary>Layer groups, in the order of frames.</summary>
    public ImmutableArray<LayerGroup> Groups { get; }

    /// <summary>Form of the stored keys.</summary>
    public string KeyForm { get; }

    /// <summary>Bytes of one position over everything.</summary>
    public long BytesPerPosition => Groups.Sum(group => group.BytesPerPosition);

    /// <summary>Whether every group needs every position: the plain case.</summary>
    public bool IsFullAttention => Groups.All(group => group.Kind == LayerGroupKind.Full);

    /// <summary>Grouped-query attention; also MHA (as many KV heads as heads) and MQA (one KV head).</summary>
    /// <param name="layers">Number of layers.</param>
    /// <param name="kvHeads">KV heads of a layer.</param>
    /// <param name="headDim">Elements of a head.</param>
    /// <param name="dtype">Element type of K and V.</param>
    /// <returns>One full group with streams <c>k</c> and <c>v</c>, each a row of kvHeads × headDim elements.</returns>
    public static KvGeometry GroupedQuery(int layers, int kvHeads, int headDim, KvDType dtype)
    {
        var rowBytes = checked(kvHeads * headDim * dtype.SizeBytes());
        return new KvGeometry([
            new LayerGroup(
                LayerGroupKind.Full,
                [.. Enumerable.Range(0, layers)],
                [new KvStream("k", dtype, rowBytes), new KvStream("v", dtype, rowBytes)]),
        ]);
    }

    /// <summary>Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): a latent and a rope stream.</summary>
    /// <param name="layers">Number of layers.</param>
    /// <param name="latentDim">Elements of the compressed latent.</param>
    /// <param name="ropeDim">Elements of the shared rotary key.</param>
    /// <param name="dtype">Element type of both.</param>
    /// <returns>One full group with streams <c>latent</c> and <c>rope</c>.</returns>
    public static KvGeometry LatentAttention(int layers, int latentDim, int ropeDim, KvDType dtype) => new([
        new LayerGroup(
            LayerGroupKind.Full,
            [.. Enumerable.Range(0, layers)],
            [
                new KvStream("latent", dtype, checked(latentDim * dtype.SizeBytes())),
                new KvStream("rope", dtype, checked(ropeDim * dtype.SizeBytes())),
            ]),
    ]);

    /// <summary>How many positions one frame of a stream may hold.</summary>
    /// <param name="group">Index into <see cref="Groups"/>.</param>
    /// <param name="stream">Index into the group's streams.</param>
    /// <returns>At least 1.</returns>
    public int MaxFramePositions(int group, int stream) =>
        MaxFrameBytes / Groups[group].FrameBytesPerPosition(stream);

    /// <inheritdoc/>
    public bool Equals(KvGeometry? other) =>
        other is not null
        && KeyForm == other.KeyForm
        && Groups.Length == other.Groups.Length
        && Groups.Zip(other.Groups).All(pair =>
            pair.First.Kind == pair.Second.Kind
            && pair.First.WindowPositions == pair.Second.WindowPositions
            && pair.First.SinkPositions == pair.Second.SinkPositions
            && pair.First.Layers.SequenceEqual(pair.Second.Layers)
            && pair.First.Streams.SequenceEqual(pair.Second.Streams));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(KeyForm, Groups.Length, BytesPerPosition);

    /// <summary>Checks every rule of a geometry.</summary>
    /// <exception cref="ArgumentException">A rule is broken; the message names the value and the limit.</exception>
    private void Validate()
    {
        Check(!Groups.IsDefaultOrEmpty && Groups.Length <= MaxGroups, $"1 to {MaxGroups} layer groups are needed.");
        Check(KeyForm is "post-rope" or "pre-rope" or "none", $"Key form '{KeyForm}' is unknown.");
        var seen = new HashSet<int>();
        for (var index = 0; index < Groups.Length; index++)
        {
            var group = Groups[index];
            Check(Enum.IsDefined(group.Kind), $"Group {index}: kind {(int)group.Kind} is unknown.");
            Check(!group.Layers.IsDefaultOrEmpty, $"Group {index} has no layers.");
            Check(
                !group.Streams.IsDefaultOrEmpty && group.Streams.Length <= MaxStreams,
                $"Group {index}: 1 to {MaxStreams} streams are needed.");
            Check(
                group.Kind == LayerGroupKind.Window
                    ? group.WindowPositions > 0 && group.SinkPositions >= 0
                    : group.WindowPositions == 0 && group.SinkPositions == 0,
                $"Group {index}: window {group.WindowPositions} and sinks {group.SinkPositions} do not fit its kind.");
            foreach (var layer in group.Layers)
            {
                Check(layer is >= 0 and < MaxLayers, $"Layer {layer} is outside 0 to {MaxLayers - 1}.");
                Check(seen.Add(layer), $"Layer {layer} is in two places.");
            }

            for (var stream = 0; stream < group.Streams.Length; stream++)
            {
                var (name, dtype, rowBytes) = group.Streams[stream];
                Check(name is { Length: >= 1 and <= 32 }, $"Group {index}: stream name '{name}' is not 1 to 32 long.");
                Check(Enum.IsDefined(dtype), $"Stream '{name}': element type {(int)dtype} is unknown.");
                Check(
                    rowBytes > 0 && rowBytes % dtype.SizeBytes() == 0,
                    $"Stream '{name}': {rowBytes} bytes are not a row of {dtype}.");
                Check(
                    (long)rowBytes * group.Layers.Length <= MaxFrameBytes,
                    $"Stream '{name}': one position of {group.Layers.Length} layers has "
                    + $"{(long)rowBytes * group.Layers.Length} bytes, over the frame's {MaxFrameBytes}: split the group.");
            }
        }

        static void Check(bool holds, string message)
        {
            if (!holds)
            {
                throw new ArgumentException($"Invalid KV geometry: {message}");
            }
        }
    }
}

/// <summary>One of the parallel sequences that a layer caches: K and V, or the latent and the rope stream of MLA.</summary>
/// <param name="Name">1 to 32 characters, such as <c>k</c>, <c>v</c>, <c>latent</c>, <c>rope</c>.</param>
/// <param name="DType">Element type.</param>
/// <param name="RowBytes">Bytes of one position of one layer, 1 to 1 MiB.</param>
public sealed record KvStream(string Name, KvDType DType, int RowBytes);

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

/// <summary>Which positions a layer group needs for the next token. The numbers are persisted.</summary>
public enum LayerGroupKind
{
    /// <summary>Full attention: every position.</summary>
    Full = 1,

    /// <summary>The first S positions (sinks) and the last W (window).</summary>
    Window = 2,

    /// <summary>A recurrent layer: the one snapshot at the last position.</summary>
    Snapshot = 3,
}
