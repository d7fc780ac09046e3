using Swarm.Core.Identity;

namespace Swarm.Grains.Abstractions;

/// <summary>Carries a digest in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Bytes">The encoded digest, 32 bytes. Owned by the surrogate.</param>
[GenerateSerializer, Immutable, Alias("swarm.digest.v1")]
public readonly record struct Digest256Surrogate([property: Id(0)] byte[] Bytes);

/// <summary>Converts between <see cref="Digest256"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class Digest256Converter : IConverter<Digest256, Digest256Surrogate>
{
    /// <inheritdoc/>
    public Digest256 ConvertFromSurrogate(in Digest256Surrogate surrogate) => new(surrogate.Bytes);

    /// <inheritdoc/>
    public Digest256Surrogate ConvertToSurrogate(in Digest256 value) => new(value.ToArray());
}

/// <summary>Carries a model descriptor in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Name">For people only.</param>
/// <param name="Config">Configuration in a canonical text.</param>
/// <param name="WeightsDigest">Digest over the weights, 32 bytes. Owned by the surrogate.</param>
/// <param name="ComputeDType">Type of activations and weights.</param>
/// <param name="Groups">Layer groups of the KV geometry. Owned by the surrogate.</param>
/// <param name="KeyForm">Form of the stored keys.</param>
/// <param name="PositionEncoding">Position encoding in a canonical text.</param>
/// <param name="Tokenizer">Name or digest of the tokenizer.</param>
/// <param name="Adapter">Name or digest of an adapter, or empty.</param>
[GenerateSerializer, Immutable, Alias("swarm.model.v1")]
public readonly record struct ModelDescriptorSurrogate(
    [property: Id(0)] string Name,
    [property: Id(1)] string Config,
    [property: Id(2)] byte[] WeightsDigest,
    [property: Id(3)] string ComputeDType,
    [property: Id(4)] LayerGroupSurrogate[] Groups,
    [property: Id(5)] string KeyForm,
    [property: Id(6)] string PositionEncoding,
    [property: Id(7)] string Tokenizer,
    [property: Id(8)] string Adapter);

/// <summary>Carries one layer group of a KV geometry in grain calls.</summary>
/// <param name="Kind">Number of the kind.</param>
/// <param name="Layers">The model's layer indices. Owned by the surrogate.</param>
/// <param name="Streams">The streams of every layer. Owned by the surrogate.</param>
/// <param name="WindowPositions">Window, in positions, or 0.</param>
/// <param name="SinkPositions">Sinks, in positions, or 0.</param>
[GenerateSerializer, Immutable, Alias("swarm.layer-group.v1")]
public readonly record struct LayerGroupSurrogate(
    [property: Id(0)] int Kind,
    [property: Id(1)] int[] Layers,
    [property: Id(2)] KvStreamSurrogate[] Streams,
    [property: Id(3)] int WindowPositions,
    [property: Id(4)] int SinkPositions);

/// <summary>Carries one KV stream of a layer group in grain calls.</summary>
/// <param name="Name">Stream name.</param>
/// <param name="DType">Number of the element type.</param>
/// <param name="RowBytes">Bytes of one position of one layer.</param>
[GenerateSerializer, Immutable, Alias("swarm.kv-stream.v1")]
public readonly record struct KvStreamSurrogate(
    [property: Id(0)] string Name, [property: Id(1)] int DType, [property: Id(2)] int RowBytes);

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

/// <summary>Carries a context's loss in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Writer">Id of the writer, in hex.</param>
/// <param name="Sequence">Number of the lost segment.</param>
/// <param name="Kept">Positions whose inputs were left.</param>
/// <param name="Known">Positions that its inputs are known to have reached.</param>
/// <param name="IsCertain">Whether something of this context was lost for certain.</param>
[GenerateSerializer, Immutable, Alias("swarm.context-loss.v1")]
public readonly record struct ContextLossSurrogate(
    [property: Id(0)] string Writer,
    [property: Id(1)] ulong Sequence,
    [property: Id(2)] long Kept,
    [property: Id(3)] long Known,
    [property: Id(4)] bool IsCertain);

/// <summary>Converts between <see cref="ContextLoss"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class ContextLossConverter : IConverter<ContextLoss, ContextLossSurrogate>
{
    /// <inheritdoc/>
    public ContextLoss ConvertFromSurrogate(in ContextLossSurrogate surrogate) => new(
        Id128.TryParse(surrogate.Writer, out var writer) ? writer : default,
        surrogate.Sequence,
        surrogate.Kept,
        surrogate.Known,
        surrogate.IsCertain);

    /// <inheritdoc/>
    public ContextLossSurrogate ConvertToSurrogate(in ContextLoss value) =>
        new(value.Writer.ToString(), value.Sequence, value.Kept, value.Known, value.IsCertain);
}

/// <summary>Carries a refusal in grain calls, so that Swarm.Core needs no Orleans attribute.</summary>
/// <param name="Code">Number of the code.</param>
/// <param name="Message">What happened.</param>
/// <param name="CurrentEpoch">Epoch in force.</param>
/// <param name="Position">Position expected or in conflict.</param>
/// <param name="Holder">Agent that holds the context.</param>
/// <param name="RetryAfter">After how long the same request may succeed.</param>
[GenerateSerializer, Immutable, Alias("swarm.refusal.v1")]
public readonly record struct RefusalSurrogate(
    [property: Id(0)] int Code,
    [property: Id(1)] string Message,
    [property: Id(2)] ulong CurrentEpoch,
    [property: Id(3)] long Position,
    [property: Id(4)] string Holder,
    [property: Id(5)] TimeSpan RetryAfter);

/// <summary>Converts between <see cref="Refusal"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class RefusalConverter : IConverter<Refusal, RefusalSurrogate>
{
    /// <inheritdoc/>
    public Refusal ConvertFromSurrogate(in RefusalSurrogate surrogate) => new(
        (RefusalCode)surrogate.Code,
        surrogate.Message,
        new Epoch(surrogate.CurrentEpoch),
        surrogate.Position,
        surrogate.Holder)
    {
        RetryAfter = surrogate.RetryAfter,
    };

    /// <inheritdoc/>
    public RefusalSurrogate ConvertToSurrogate(in Refusal value) =>
        new((int)value.Code, value.Message, value.CurrentEpoch.Value, value.Position, value.Holder, value.RetryAfter);
}

/// <summary>Carries a refusal thrown from a grain call whose answer has no place for one.</summary>
/// <param name="Refusal">The reason.</param>
[GenerateSerializer, Immutable, Alias("swarm.refused.v1")]
public readonly record struct SwarmRefusedSurrogate([property: Id(0)] Refusal Refusal);

/// <summary>Converts between <see cref="SwarmRefusedException"/> and its surrogate.</summary>
/// <remarks>
/// For the base type alone: grains answer with refusals, and throw one, of exactly this type, only where an answer has
/// no place for it.
/// </remarks>
[RegisterConverter]
public sealed class SwarmRefusedConverter : IConverter<SwarmRefusedException, SwarmRefusedSurrogate>
{
    /// <inheritdoc/>
    public SwarmRefusedException ConvertFromSurrogate(in SwarmRefusedSurrogate surrogate) =>
        surrogate.Refusal.ToException();

    /// <inheritdoc/>
    public SwarmRefusedSurrogate ConvertToSurrogate(in SwarmRefusedException value) => new(value.Refusal);
}

/// <summary>Carries a handoff policy in grain calls.</summary>
/// <param name="IsOffered">Whether the context is offered at all.</param>
/// <param name="HolderSilence">How long nothing may be heard of the holder.</param>
/// <param name="ReconnectGrace">How long a lost connection may stay lost.</param>
/// <param name="WarmStandbys">Standbys that are wanted.</param>
/// <param name="RequiredLabels">Labels that an agent must have. Owned by the surrogate.</param>
[GenerateSerializer, Immutable, Alias("swarm.handoff-policy.v1")]
public readonly record struct HandoffPolicySurrogate(
    [property: Id(0)] bool IsOffered,
    [property: Id(1)] TimeSpan HolderSilence,
    [property: Id(2)] TimeSpan ReconnectGrace,
    [property: Id(3)] int WarmStandbys,
    [property: Id(4)] Dictionary<string, string> RequiredLabels);

/// <summary>Converts between <see cref="HandoffPolicy"/> and its surrogate.</summary>
[RegisterConverter]
public sealed class HandoffPolicyConverter : IConverter<HandoffPolicy, HandoffPolicySurrogate>
{
    /// <inheritdoc/>
    public HandoffPolicy ConvertFromSurrogate(in HandoffPolicySurrogate surrogate) => new()
    {
        IsOffered = surrogate.IsOffered,
        HolderSilence = surrogate.HolderSilence,
        ReconnectGrace = surrogate.ReconnectGrace,
        WarmStandbys = surrogate.WarmStandbys,
        RequiredLabels = surrogate.RequiredLabels,
    };

    /// <inheritdoc/>
    public HandoffPolicySurrogate ConvertToSurrogate(in HandoffPolicy value) => new(
        value.IsOffered, value.HolderSilence, value.ReconnectGrace, value.WarmStandbys, new Dictionary<string, string>(value.RequiredLabels));
}
