using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Tests.Golden;

/// <summary>The values behind the golden files. Never change one: add another with a file of its own.</summary>
internal static class GoldenValues
{
    private static readonly ContextId Context = ContextId.FromNames("acme", "track/vehicle-17");
    private static readonly Epoch Epoch = new(7);

    public static KvGeometry Geometry { get; } = new(
        [
            new LayerGroup(
                LayerGroupKind.Full, [0, 2],
                [new KvStream("k", KvDType.Float32, 8), new KvStream("v", KvDType.BFloat16, 4)]),
            new LayerGroup(LayerGroupKind.Window, [1], [new KvStream("latent", KvDType.Float8E4M3, 3)], 64, 4),
        ]);

    public static ModelDescriptor Model { get; } = new(
        "tiny", "{\"hidden_size\":64}", Digest(1), "float32", Geometry, "rope theta=10000", "telemetry.v1", "lora-3");

    public static (string Name, TenantKey Key) Tenant { get; } = ("acme", new TenantKey(Digest(2).ToArray()));

    public static StoreIdentity Store { get; } = new(
        new Id128(0x0123456789ABCDEF, 0xFEDCBA9876543210), new DateTimeOffset(2026, 11, 28, 9, 0, 0, 123, TimeSpan.Zero));

    public static (BlockHash StartHash, IReadOnlyList<InputRun> Runs) Inputs { get; } = (
        Hash(3),
        [
            new InputRun(64, new[] { 1, 0, 70_000 }, new[] { 2, 1 }),
            new InputRun(67, new[] { int.MaxValue }, new[] { 1 }),
        ]);

    public static IReadOnlyList<KvExtent> Extents { get; } =
    [
        new KvExtent(0, 64, 64, new Epoch(1), Hash(4), new PayloadRef(ObjectRef.Segment(Id(5), 9), 4096, 9000, 77)),
        new KvExtent(
            64, 10, 64, Epoch, Hash(6),
            new PayloadRef(ObjectRef.Chunk(Id(7), Id(8)) with { Volume = 3 }, 1L << 33, 1 << 20, ulong.MaxValue)),
    ];

    public static IReadOnlyList<NamedState> States { get; } =
    [
        new NamedState("sampler/rng", 74, new byte[] { 1, 2, 3 }),
        new NamedState("tracker", 1L << 40, ReadOnlyMemory<byte>.Empty),
    ];

    public static ContextRoot OpenRoot { get; } = new()
    {
        State = RootState.Ready,
        Nonce = Id(9),
        Generation = 12,
        Tenant = "acme",
        Name = "track/vehicle-17",
        Model = new ModelFingerprint(Digest(10)),
        BlockTokens = 64,
        Epoch = Epoch,
        Holder = "drone-a",
        ReservedFor = "",
        SecretHash = Digest(11),
        TokenLength = 80,
        KvLengths = [74, 80],
        BlockChain = Hash(12),
        ExtentPages = [new PageRef(ObjectKind.ExtentPage, Id(13), Id(14), 0, 74, 2, 400, 15)],
        InputPages =
        [
            new PageRef(ObjectKind.InputPage, Id(13), Id(16), 0, 64, 1, 300, 17),
            new PageRef(ObjectKind.InputPage, Id(13), Id(18), 64, 80, 2, 301, 19),
        ],
        StatePage = new PageRef(ObjectKind.StatePage, Id(13), Id(20), 0, 80, 2, 302, 21),
        Tails = [new LogPosition(Id(22), 5)],
        IncarnationId = Id(13),
        Parent = ContextId.FromNames("acme", "track/vehicle-16"),
        ParentPosition = 32,
        RotaryOffset = -3,
        KeyVersion = 4,
    };

    public static ContextRoot ClosedRoot { get; } = OpenRoot with
    {
        Holder = "",
        ReservedFor = "drone-b",
        SecretHash = default,
        ExtentPages = [],
        InputPages = [],
        StatePage = null,
        Tails = [],
        IncarnationId = default,
        Parent = null,
        ParentPosition = 0,
        RotaryOffset = 0,
        KeyVersion = 0,
    };

    /// <summary>A fork: pages of its parent, and one of its own.</summary>
    public static ContextRoot ForkRoot { get; } = ClosedRoot with
    {
        ExtentPages = [OpenRoot.ExtentPages[0] with { Context = ContextId.FromNames("acme", "track/vehicle-16") }],
        InputPages =
        [
            OpenRoot.InputPages[0] with { Context = ContextId.FromNames("acme", "track/vehicle-16") },
            OpenRoot.InputPages[1],
        ],
        Parent = ContextId.FromNames("acme", "track/vehicle-16"),
        ParentPosition = 70,
    };

    public static ContextRoot LossRoot { get; } = OpenRoot with { Loss = new ContextLoss(Id(43), 6, 80, 97, IsCertain: true) };

    public static LogDamage LogDamage { get; } = new(Id(43), 6, 11, 4, DateTimeOffset.UnixEpoch.AddMilliseconds(1_790_000_000_123));

    public static IReadOnlyList<KvExtent> ForkExtents { get; } =
    [
        Extents[0],
        Extents[1] with
        {
            Payload = Extents[1].Payload with
            {
                Object = ObjectRef.Chunk(Id(7), Id(8)) with { Context = ContextId.FromNames("acme", "track/vehicle-16") },
            },
        },
    ];

    public static byte[] KvPayload { get; } = EncodeKv();

    public static LogRecord Record(RecordType type) => type switch
    {
        RecordType.Tokens => new TokensRecord(
            Context, Id(30), Epoch, 64, (int[])[5, 300, 70_000], (int[])[1, 2], Hash(31)),
        RecordType.Input => new InputRecord(
            Context, Id(30), Epoch, 67, [Digest(32), Digest(33)], Hash(34),
            new PayloadRef(default, 0, 5, ManifestCodec.Checksum(KvPayload.AsSpan(0, 5)))),
        RecordType.Kv => new KvRecord(
            Context, Id(30), Epoch, 100, 3, Hash(35),
            new PayloadRef(default, 0, KvPayload.Length, ManifestCodec.Checksum(KvPayload))),
        RecordType.State => new StateRecord(Context, Id(30), Epoch, 69, "sampler/rng", new byte[] { 9, 8, 7 }),
        RecordType.Epoch => new EpochRecord(Context, Id(30), Epoch.Next, "", Digest(36), "drone-b"),
        RecordType.Truncate => new TruncateRecord(Context, Id(30), Epoch.Next, 66, 64, Digest(37)),
        RecordType.Fork => new ForkRecord(Context, Id(30), Epoch, ContextId.FromNames("acme", "parent"), 64),
        _ => new TrimRecord(Context, Id(30), Epoch, 1, 4096),
    };

    public static Segment SegmentOf(params RecordType[] types) =>
        new(Id(40), 3, Id(41), IsSeal: false, [.. types.Select(Record)]);

    public static Segment Seal { get; } = new(Id(40), 4, Id(42), IsSeal: true, []);

    /// <summary>Segments 3 to 5 of a log.</summary>
    public static IReadOnlyList<Segment> Indexed { get; } =
    [
        SegmentOf(RecordType.Tokens, RecordType.Kv),
        SegmentOf(RecordType.Kv, RecordType.State) with { Sequence = 4 },
        SegmentOf() with { Sequence = 5 },
    ];

    /// <summary>Some id that is the same for ever.</summary>
    private static Id128 Id(ulong number) => new(0x0102_0304_0506_0708 * (number + 1), number);

    private static BlockHash Hash(ulong number) => new(Digest(number));

    private static Digest256 Digest(ulong number) => new([.. Id(number).ToArray(), .. Id(~number).ToArray()]);

    private static byte[] EncodeKv()
    {
        var payload = new byte[Format.Frames.KvPayload.EncodedLength(Geometry, 100, 3)];
        Format.Frames.KvPayload.Encode(
            Geometry, 100, 3,
            (group, stream, first, _, destination) =>
            {
                for (var index = 0; index < destination.Length; index++)
                {
                    destination[index] = (byte)((group * 64) + (stream * 32) + first + index);
                }
            },
            payload);
        return payload;
    }
}
