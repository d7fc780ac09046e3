using System.Buffers;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Tests.Golden;

/// <summary>One pinned value: how it is written, and what is read from its bytes, shown as text.</summary>
/// <param name="Name">Name of its file.</param>
/// <param name="Encode">Writes it.</param>
/// <param name="Decode">Reads it, down to every checksum, and shows it.</param>
/// <param name="Expected">What <paramref name="Decode"/> has to show.</param>
internal sealed record GoldenObject(
    string Name, Func<byte[]> Encode, Func<byte[], string> Decode, Func<string> Expected)
{
    public static IReadOnlyList<GoldenObject> All { get; } =
    [
        Of("root", ManifestCodec.EncodeRoot, content => ManifestCodec.DecodeRoot(content), GoldenValues.OpenRoot),
        Of("root-closed", ManifestCodec.EncodeRoot, content => ManifestCodec.DecodeRoot(content), GoldenValues.ClosedRoot),
        Of("root-fork", ManifestCodec.EncodeRoot, content => ManifestCodec.DecodeRoot(content), GoldenValues.ForkRoot),
        Of("extents-fork", ManifestCodec.EncodeExtents, content => ManifestCodec.DecodeExtents(content), GoldenValues.ForkExtents),
        Of("extents", ManifestCodec.EncodeExtents, content => ManifestCodec.DecodeExtents(content), GoldenValues.Extents),
        Of(
            "inputs", inputs => ManifestCodec.EncodeInputs(inputs.StartHash, inputs.Runs),
            content => ManifestCodec.DecodeInputs(content), GoldenValues.Inputs),
        Of("states", ManifestCodec.EncodeStates, content => ManifestCodec.DecodeStates(content), GoldenValues.States),
        Of(
            "tenant", tenant => ManifestCodec.EncodeTenant(tenant.Name, tenant.Key),
            content => ManifestCodec.DecodeTenant(content), GoldenValues.Tenant),
        Of("store", ManifestCodec.EncodeStore, content => ManifestCodec.DecodeStore(content), GoldenValues.Store),
        Of("model", ManifestCodec.EncodeModel, content => ManifestCodec.DecodeModel(content), GoldenValues.Model),
        Of("seal", seal => Samples.Encode(seal), content => SegmentCodec.Decode(content, content.Length), GoldenValues.Seal),
        Of("seal-assured", seal => Samples.Encode(seal), content => SegmentCodec.Decode(content, content.Length), GoldenValues.Seal with { Assured = 2 }),
        Of("seal-collected", seal => Samples.Encode(seal), content => SegmentCodec.Decode(content, content.Length), GoldenValues.Seal with { Assured = 2, Collected = 7 }),
        Of("root-loss", ManifestCodec.EncodeRoot, content => ManifestCodec.DecodeRoot(content), GoldenValues.LossRoot),
        Of("log-damage", LogDamageCodec.Encode, content => LogDamageCodec.Decode(content), GoldenValues.LogDamage),
        OfSegment("segment-assured", GoldenValues.SegmentOf(RecordType.Tokens, RecordType.Kv) with { Assured = 3 }),
        OfSegment("segment", Enum.GetValues<RecordType>()),
        .. Enum.GetValues<RecordType>().Select(type => OfSegment($"segment-{type}".ToLowerInvariant(), type)),
        OfIndex("log-index", GoldenValues.Indexed),
        new GoldenObject(
            "chunk", () => ChunkCodec.Encode(GoldenValues.KvPayload, out _).ToArray(), DecodeChunk,
            () => ShowKv(GoldenValues.KvPayload)),
        new GoldenObject(
            "kv-payload", () => GoldenValues.KvPayload, ShowKv,
            () => ShowKv(GoldenValues.KvPayload)),
    ];

    public string FilePath => Path.Combine(
        RepositoryRoot.Path, "tests", "Swarm.Format.Tests", "Golden", "v1", Name + ".bin");

    private static GoldenObject Of<T>(string name, Func<T, byte[]> encode, Func<byte[], T> decode, T value) =>
        new(name, () => encode(value), content => Fields.Show(decode(content)), () => Fields.Show(value));

    private static GoldenObject OfSegment(string name, params RecordType[] types) => OfSegment(name, GoldenValues.SegmentOf(types));

    private static GoldenObject OfSegment(string name, Segment segment)
    {
        return new GoldenObject(name, () => Samples.Encode(segment, GoldenValues.KvPayload), DecodeSegment, () =>
        {
            var content = Samples.Encode(segment, GoldenValues.KvPayload);
            return Fields.Show(SegmentCodecAssert.Located(segment, SegmentCodec.IndexEnd(content)));
        });
    }

    private static GoldenObject OfIndex(string name, IReadOnlyList<Segment> segments) => new(
        name,
        () => Samples.EncodeIndex(segments, GoldenValues.KvPayload),
        content => Fields.Show(LogIndexCodec.Decode(content).Segments),
        () => Fields.Show(segments.Select(segment => SegmentCodecAssert.Located(
            segment, Samples.Head(segment, GoldenValues.KvPayload).Length)).ToArray()));

    private static string DecodeSegment(byte[] content)
    {
        var segment = SegmentCodec.Decode(content, content.Length);
        var payload = content.AsSpan(SegmentCodec.IndexEnd(content));
        KvPayload.Verify(GoldenValues.Geometry, 100, 3, payload);
        foreach (var own in segment.Records.OfType<KvRecord>().Select(record => record.Payload))
        {
            if (ManifestCodec.Checksum(content.AsSpan((int)own.Offset, own.Length)) != own.Checksum)
            {
                throw new CorruptObjectException("The payload does not match the record's checksum.");
            }
        }

        return Fields.Show(segment);
    }

    private static string DecodeChunk(byte[] content)
    {
        var header = ObjectHeader.Read(content);
        ObjectCodec.RequireLength(header, content.Length);
        Xunit.Assert.Equal(ObjectKind.Chunk, header.Kind);
        ObjectCodec.DecodeMeta(header, content, (ref reader) =>
        {
            var unknown = reader.BeginFields(0);
            reader.EndFields(unknown);
            return 0;
        });
        return ShowKv(content[header.IndexEnd..]);
    }

    private static string ShowKv(byte[] payload)
    {
        KvPayload.Verify(GoldenValues.Geometry, 100, 3, payload);
        var text = new System.Text.StringBuilder();
        KvPayload.Decode(
            GoldenValues.Geometry, 100, 3, payload, 100, 3,
            (group, stream, first, count, source) =>
                text.AppendLine(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{group}/{stream} {first}+{count} {Convert.ToHexString(source)}"));
        return text.ToString();
    }
}
