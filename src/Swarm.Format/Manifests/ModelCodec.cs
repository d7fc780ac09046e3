using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Swarm.Format.Objects;

namespace Swarm.Format.Manifests;

/// <summary>Bytes of model descriptors; see FORMAT.md, Model.</summary>
internal static class ModelCodec
{
    private const int MaxNameChars = 128;
    private const int MaxNameBytes = MaxNameChars * 4;
    private const int MaxConfigBytes = 64 << 10;
    private const int MaxTextBytes = 4 << 10;
    private const int MaxStreamNameBytes = 32 * 4;
    private const int MaxKeyFormBytes = 32;
    private const int Fields = 9;
    private const int GroupFields = 5;
    private const int StreamFields = 5;

    /// <summary>Encodes a descriptor.</summary>
    public static byte[] Encode(ModelDescriptor model)
    {
        Check(model);
        var meta = new ArrayBufferWriter<byte>();
        var writer = new MetaWriter(meta);
        writer.Array(Fields);
        writer.Text(model.Name);
        writer.Text(model.Config);
        writer.Digest(model.WeightsDigest);
        writer.Text(model.ComputeDType);
        writer.Text(model.Geometry.KeyForm);
        WriteGroups(ref writer, model.Geometry);
        writer.Text(model.PositionEncoding);
        writer.Text(model.Tokenizer);
        writer.Text(model.Adapter);
        writer.Flush();
        return ObjectCodec.Encode(ObjectKind.Model, meta.WrittenSpan);
    }

    /// <summary>Reads a descriptor.</summary>
    public static ModelDescriptor Read(ref MetaReader reader)
    {
        var unknown = reader.BeginFields(Fields);
        var name = reader.Text(MaxNameBytes);
        var config = reader.Text(MaxConfigBytes);
        var weightsDigest = reader.Digest();
        var computeDType = reader.Text(MaxTextBytes);
        var keyForm = reader.Text(MaxKeyFormBytes);
        var geometry = new KvGeometry(ReadGroups(ref reader), keyForm);
        var model = new ModelDescriptor(
            name, config, weightsDigest, computeDType, geometry,
            reader.Text(MaxTextBytes), reader.Text(MaxTextBytes), reader.Text(MaxTextBytes));
        reader.EndFields(unknown);
        Check(model);
        return model;
    }

    private static void WriteGroups(ref MetaWriter writer, KvGeometry geometry)
    {
        writer.Array(geometry.Groups.Length);
        foreach (var group in geometry.Groups)
        {
            writer.Array(GroupFields);
            writer.Number((int)group.Kind);
            writer.Number(group.WindowPositions);
            writer.Number(group.SinkPositions);
            writer.Array(group.Layers.Length);
            foreach (var layer in group.Layers)
            {
                writer.Number(layer);
            }

            writer.Array(group.Streams.Length);
            foreach (var stream in group.Streams)
            {
                writer.Array(StreamFields);
                writer.Text(stream.Name);
                writer.Number((int)stream.DType);
                writer.Number(stream.RowBytes);
                writer.Number(1); // Positions of a row.
                writer.Number(0); // Shard axis: not sharded.
            }
        }
    }

    private static ImmutableArray<LayerGroup> ReadGroups(ref MetaReader reader)
    {
        var groups = new LayerGroup[reader.BeginList(KvGeometry.MaxGroups)];
        for (var index = 0; index < groups.Length; index++)
        {
            var unknown = reader.BeginFields(GroupFields);
            var kind = (LayerGroupKind)reader.Int32();
            var (window, sinks) = (reader.Int32(), reader.Int32());
            groups[index] = new LayerGroup(kind, ReadLayers(ref reader), ReadStreams(ref reader), window, sinks);
            reader.EndFields(unknown);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(groups);
    }

    private static ImmutableArray<int> ReadLayers(ref MetaReader reader)
    {
        var layers = new int[reader.BeginList(KvGeometry.MaxLayers)];
        for (var index = 0; index < layers.Length; index++)
        {
            layers[index] = reader.Int32();
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(layers);
    }

    private static ImmutableArray<KvStream> ReadStreams(ref MetaReader reader)
    {
        var streams = new KvStream[reader.BeginList(KvGeometry.MaxStreams)];
        for (var index = 0; index < streams.Length; index++)
        {
            var unknown = reader.BeginFields(StreamFields);
            streams[index] = new KvStream(
                reader.Text(MaxStreamNameBytes), (KvDType)reader.Int32(), reader.Int32());
            reader.Reserved(1, "Positions of a row");
            reader.Reserved(0, "Shard axis");
            reader.EndFields(unknown);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(streams);
    }

    private static void Check(ModelDescriptor model)
    {
        if (model.Name.Length > MaxNameChars)
        {
            throw new ArgumentException(
                $"The model's name has {model.Name.Length} characters; at most {MaxNameChars} are allowed.", nameof(model));
        }

        CheckText(model.Config, "config", MaxConfigBytes);
        CheckText(model.ComputeDType, "compute type", MaxTextBytes);
        CheckText(model.PositionEncoding, "position encoding", MaxTextBytes);
        CheckText(model.Tokenizer, "tokenizer", MaxTextBytes);
        CheckText(model.Adapter, "adapter", MaxTextBytes);
    }

    private static void CheckText(string text, string what, int maxBytes)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        if (length > maxBytes)
        {
            throw new ArgumentException($"The model's {what} has {length} bytes of UTF-8; at most {maxBytes} are allowed.");
        }
    }
}
