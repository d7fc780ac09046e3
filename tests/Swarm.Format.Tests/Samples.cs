using System.Buffers;
using System.Collections.Immutable;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Frames;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;

namespace Swarm.Format.Tests;

/// <summary>Valid values of every persisted type, drawn from a seeded source: the same seed, the same value.</summary>
internal sealed class Samples(int seed)
{
    private readonly Random _random = new(seed);

    public static ReadOnlyMemory<byte> Payload { get; } = Enumerable.Range(0, 200).Select(value => (byte)value).ToArray();

    public Random Random => _random;

    public static byte[] Encode(Segment segment, ReadOnlyMemory<byte> payload = default) =>
        SegmentCodec.Encode(segment, payload.IsEmpty ? [] : [payload], out _).ToArray();

    /// <summary>A segment's bytes up to its payload.</summary>
    public static ReadOnlyMemory<byte> Head(Segment segment, ReadOnlyMemory<byte> payload) =>
        SegmentCodec.Encode(segment, [payload], out _).First;

    public static byte[] EncodeIndex(IReadOnlyList<Segment> segments, ReadOnlyMemory<byte> payload) => LogIndexCodec.Encode(
        segments[0].Writer, segments[0].Sequence, [.. segments.Select(segment => Head(segment, payload))]).ToArray();

    public Segment Segment(params RecordType[] types) => new(
        Id(), (ulong)_random.NextInt64(), Id(), IsSeal: false,
        [.. (types.Length > 0 ? types : AnyTypes()).Select(Record)])
    {
        Assured = Assured(),
    };

    public Segment Seal() => new(Id(), (ulong)_random.NextInt64(), Id(), IsSeal: true, []) { Assured = Assured(), Collected = Assured() };

    public LogRecord Record(RecordType type)
    {
        var (context, incarnationId, epoch) = (Context(), Id(), new Epoch((ulong)_random.NextInt64()));
        var count = _random.Next(1, 40);
        return type switch
        {
            RecordType.Tokens => Tokens(context, incarnationId, epoch, count),
            RecordType.Input => new InputRecord(
                context, incarnationId, epoch, Position(), [.. Enumerable.Range(0, count).Select(_ => Digest())], Hash(),
                PayloadRef()),
            RecordType.Kv => new KvRecord(context, incarnationId, epoch, Position(), count, Hash(), PayloadRef()),
            RecordType.State => new StateRecord(context, incarnationId, epoch, Position(), "sampler/rng.v1", Bytes(count)),
            RecordType.Epoch => _random.Next(2) == 0
                ? new EpochRecord(context, incarnationId, epoch, Agent(), Digest(), "")
                : new EpochRecord(context, incarnationId, epoch, "", Digest(), Agent()),
            RecordType.Truncate => Truncate(context, incarnationId, epoch),
            RecordType.Fork => new ForkRecord(context, incarnationId, epoch, Context(), Position()),
            _ => new TrimRecord(context, incarnationId, epoch, _random.Next(KvGeometry.MaxGroups), Position()),
        };
    }

    private TruncateRecord Truncate(ContextId context, Id128 incarnationId, Epoch epoch)
    {
        var length = Position();
        return new TruncateRecord(context, incarnationId, epoch, length, length - (length / 3), Digest());
    }

    public ContextRoot Root()
    {
        var length = Position();
        return new ContextRoot
        {
            State = (RootState)_random.Next(1, 5),
            Nonce = Id(),
            Generation = (ulong)_random.NextInt64(),
            Tenant = "acme-7",
            Name = "track/vehicle-17",
            Model = new ModelFingerprint(Digest()),
            BlockTokens = _random.Next(1, PrefixHasher.MaxBlockTokens + 1),
            Epoch = new Epoch((ulong)_random.NextInt64()),
            Holder = _random.Next(2) == 0 ? "" : Agent(),
            ReservedFor = _random.Next(2) == 0 ? "" : Agent(),
            SecretHash = Digest(),
            TokenLength = length,
            KvLengths = [.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => _random.NextInt64(length + 1))],
            BlockChain = Hash(),
            ExtentPages = Pages(ObjectKind.ExtentPage),
            InputPages = Pages(ObjectKind.InputPage),
            StatePage = _random.Next(2) == 0 ? null : Page(ObjectKind.StatePage, 5, 9),
            Tails = _random.Next(2) == 0 ? [] : [new LogPosition(Id(), (ulong)_random.NextInt64())],
            IncarnationId = Id(),
            Parent = _random.Next(2) == 0 ? null : Context(),
            ParentPosition = Position(),
            RotaryOffset = _random.NextInt64(long.MinValue, long.MaxValue),
            KeyVersion = (uint)_random.Next(),
            Loss = _random.Next(2) == 0 ? null : new ContextLoss(Id(), Word(), Position(), Position(), _random.Next(2) == 0),
        };
    }

    public IReadOnlyList<KvExtent> Extents()
    {
        var extents = new List<KvExtent>();
        var position = Position() / 2;
        for (var remaining = _random.Next(1, 12); remaining > 0; remaining--)
        {
            var written = _random.Next(1, 1000);
            var count = _random.Next(1, written + 1);
            extents.Add(new KvExtent(
                position, count, written, new Epoch((ulong)_random.NextInt64()), Hash(),
                new PayloadRef(ObjectRef(), Position(), _random.Next(1, KvPayload.MaxBytes), Word())));
            position += count;
        }

        return extents;
    }

    public IReadOnlyList<InputRun> Runs()
    {
        var runs = new List<InputRun>();
        var position = Position() / 2;
        for (var remaining = _random.Next(1, 6); remaining > 0; remaining--)
        {
            var count = _random.Next(1, 600);
            runs.Add(new InputRun(position, TokenIds(count), Steps(count)));
            position += count;
        }

        return runs;
    }

    public IReadOnlyList<NamedState> States() =>
        [.. Enumerable.Range(0, _random.Next(1, 6)).Select(index =>
            new NamedState($"state-{index}", Position(), Bytes(_random.Next(0, 50))))];

    public ModelDescriptor Model() => new(
        "tiny λ", "{\"layers\":4}", Digest(), "float32", Geometry(), "rope theta=10000", "telemetry.v1", "");

    public KvGeometry Geometry() => _random.Next(4) switch
    {
        0 => KvGeometry.GroupedQuery(_random.Next(1, 5), _random.Next(1, 5), 8, KvDType.Float32),
        1 => KvGeometry.LatentAttention(_random.Next(1, 5), 16, 4, KvDType.BFloat16),
        2 => new KvGeometry(
            [
                new LayerGroup(LayerGroupKind.Full, [0, 2], [new KvStream("k", KvDType.Float16, 6)]),
                new LayerGroup(
                    LayerGroupKind.Window, [1, 3],
                    [new KvStream("k", KvDType.Float32, 8), new KvStream("v", KvDType.Float8E4M3, 5)], 64, 4),
                new LayerGroup(LayerGroupKind.Snapshot, [4], [new KvStream("state", KvDType.Bytes, 33)]),
            ],
            "pre-rope"),
        _ => KvGeometry.GroupedQuery(1, 1, 32 << 10, KvDType.Float32), // 8 positions a frame.
    };

    public Id128 Id() => new(Word(), Word());

    public BlockHash Hash() => new(Digest());

    public Digest256 Digest() => new(Bytes(Digest256.SizeBytes));

    public byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private static string Agent() => "drone-a";

    private ContextId Context() => new(Id(), Id());

    private ulong Word() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);

    private long Position() => _random.Next(3) switch
    {
        0 => _random.Next(100),
        1 => _random.Next(),
        _ => _random.NextInt64(long.MaxValue - (1L << 32)),
    };

    private TokensRecord Tokens(ContextId context, Id128 incarnationId, Epoch epoch, int count) =>
        new(context, incarnationId, epoch, Position(), TokenIds(count), Steps(count), Hash());

    private int[] TokenIds(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next())];

    private int[] Steps(int count)
    {
        var steps = new List<int>();
        for (var remaining = count; remaining > 0; remaining -= steps[^1])
        {
            steps.Add(_random.Next(1, remaining + 1));
        }

        return [.. steps];
    }

    private PayloadRef PayloadRef()
    {
        var length = _random.Next(1, Payload.Length + 1);
        return _random.Next(2) == 0
            ? new PayloadRef(default, _random.Next(Payload.Length - length + 1), length, Word())
            : new PayloadRef(ObjectRef(), Position(), length, Word());
    }

    private ObjectRef ObjectRef() => (_random.Next(2) == 0
        ? Format.Objects.ObjectRef.Segment(Id(), (ulong)_random.NextInt64())
        : Format.Objects.ObjectRef.Chunk(Id(), Id()) with { Context = OtherContext() }) with
    { Volume = (ushort)_random.Next(ushort.MaxValue + 1) };

    private ImmutableArray<PageRef> Pages(ObjectKind kind)
    {
        var pages = new List<PageRef>();
        var position = Position() / 2;
        for (var remaining = _random.Next(4); remaining > 0; remaining--)
        {
            var end = position + _random.Next(1, 10_000);
            pages.Add(Page(kind, position, end));
            position = end;
        }

        return [.. pages];
    }

    private PageRef Page(ObjectKind kind, long first, long end) =>
        new(kind, Id(), Id(), first, end, _random.Next(1, 1024), _random.Next(65, 1 << 20), Word(), OtherContext());

    private ContextId? OtherContext() => _random.Next(2) == 0 ? null : new ContextId(Id(), Id());

    private ulong? Assured() => _random.Next(2) == 0 ? null : Word();

    private RecordType[] AnyTypes() =>
        [.. Enumerable.Range(0, _random.Next(12)).Select(_ => (RecordType)_random.Next(1, 9))];
}
