using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>Converts between <see cref="ModelDescriptor"/> and its surrogate.</summary>
/// <remarks>
/// A geometry is validated by its constructor, so a malformed one from a foreign client fails the call before any
/// grain sees it.
/// </remarks>
[RegisterConverter]
public sealed class ModelDescriptorConverter : IConverter<ModelDescriptor, ModelDescriptorSurrogate>
{
    /// <inheritdoc/>
    public ModelDescriptor ConvertFromSurrogate(in ModelDescriptorSurrogate surrogate) => new(
        surrogate.Name ?? "",
        surrogate.Config ?? "",
        new Digest256(surrogate.WeightsDigest),
        surrogate.ComputeDType ?? "",
        new KvGeometry([.. (surrogate.Groups ?? []).Select(ToGroup)], surrogate.KeyForm ?? ""),
        surrogate.PositionEncoding ?? "",
        surrogate.Tokenizer ?? "",
        surrogate.Adapter ?? "");

    /// <inheritdoc/>
    public ModelDescriptorSurrogate ConvertToSurrogate(in ModelDescriptor value) => new(
        value.Name,
        value.Config,
        value.WeightsDigest.ToArray(),
        value.ComputeDType,
        [.. value.Geometry.Groups.Select(FromGroup)],
        value.Geometry.KeyForm,
        value.PositionEncoding,
        value.Tokenizer,
        value.Adapter);

    private static LayerGroup ToGroup(LayerGroupSurrogate group) => new(
        (LayerGroupKind)group.Kind,
        [.. group.Layers ?? []],
        [.. (group.Streams ?? []).Select(stream =>
            new KvStream(stream.Name, (KvDType)stream.DType, stream.RowBytes))],
        group.WindowPositions,
        group.SinkPositions);

    private static LayerGroupSurrogate FromGroup(LayerGroup group) => new(
        (int)group.Kind,
        [.. group.Layers],
        [.. group.Streams.Select(stream => new KvStreamSurrogate(stream.Name, (int)stream.DType, stream.RowBytes))],
        group.WindowPositions,
        group.SinkPositions);
}
