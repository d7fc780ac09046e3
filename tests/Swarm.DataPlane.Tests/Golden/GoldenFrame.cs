using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.DataPlane.Buffers;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.DataPlane.Transport;
using Swarm.Format.Frames;

namespace Swarm.DataPlane.Tests.Golden;

/// <summary>One pinned frame: how it is sent, and what is received from its bytes, shown as text.</summary>
/// <param name="Name">Name of its file: the type, and where there are several what is special about it.</param>
/// <param name="Type">The frame's type.</param>
/// <param name="Message">Type of its body.</param>
/// <param name="EncodeAsync">Sends it.</param>
/// <param name="DecodeAsync">Receives it, down to every checksum, and shows it.</param>
/// <param name="Expected">What <paramref name="DecodeAsync"/> has to show.</param>
internal sealed record GoldenFrame(
    string Name,
    FrameType Type,
    Type Message,
    Func<Task<byte[]>> EncodeAsync,
    Func<byte[], Task<string>> DecodeAsync,
    string Expected)
{
    public static IReadOnlyList<GoldenFrame> All { get; } =
    [
        Of(FrameType.Hello, 0, 0, new Hello(Hello.CurrentVersion, 0, "acme", "sesame")),
        Of(FrameType.Hello, 0, 0, new Hello(Hello.CurrentVersion, FeatureBits.TraceContext, "acme", "sesame"), "trace-context"),
        Of(FrameType.Welcome, 0, 0, new Welcome(Hello.CurrentVersion, 0, 1024, 4096, 64 << 20)),
        Of(FrameType.Welcome, 0, 0, new Welcome(Hello.CurrentVersion, FeatureBits.TraceContext, 1024, 4096, 64 << 20), "trace-context"),
        Of(
            FrameType.Welcome,
            0,
            0,
            new Welcome(Hello.CurrentVersion, FeatureBits.TraceContext | FeatureBits.Follow | FeatureBits.LocalSocket, 1024, 4096, 64 << 20, 7401, "swarm-data-plane-0123456789abcdef0123456789abcdef"),
            "local-socket"),
        Of(FrameType.Attach, 0, 1, new Attach("track/17", GoldenValues.Epoch, GoldenValues.Secret)),
        Of(FrameType.Attach, 0, 1, Traced(new Attach("track/17", GoldenValues.Epoch, GoldenValues.Secret)), "traced"),
        Of(FrameType.AttachReader, 0, 2, new AttachReader("track/17")),
        Of(FrameType.AttachReader, 0, 2, Traced(new AttachReader("track/17")), "traced"),
        Of(FrameType.Attached, 1, 1, GoldenValues.Attached),
        Of(FrameType.Detach, 1, 0, default(Empty)),
        Of(FrameType.AppendInputs, 1, 2, GoldenValues.Inputs),
        Of(FrameType.AppendInputs, 1, 3, GoldenValues.InputsAndStates, "states"),
        Of(FrameType.AppendKv, 1, 4, GoldenValues.Append, payload: GoldenValues.KvPayload),
        Of(FrameType.Appended, 1, 2, GoldenValues.Durable),
        Of(FrameType.Durable, 1, 0, GoldenValues.Durable),
        Of(FrameType.Fenced, 1, 0, GoldenValues.Durable with { Epoch = 8 }),
        Of(FrameType.Moved, 1, 0, default(Empty)),
        Of(FrameType.Heartbeat, 1, 0, default(Empty)),
        Of(FrameType.Rewind, 1, 5, new Rewind(60, GoldenValues.Secret)),
        Of(FrameType.Rewind, 1, 5, Traced(new Rewind(60, GoldenValues.Secret)), "traced"),
        Of(FrameType.Rewound, 1, 5, new DurableState(8, new Watermarks(60, 60))),
        Of(FrameType.ReadInputs, 1, 6, new ReadRange(0, 67, 0, false)),
        Of(FrameType.Inputs, 1, 6, GoldenValues.Inputs),
        Of(FrameType.ReadKv, 1, uint.MaxValue, new ReadRange(64, long.MaxValue, 32 << 20, true)),
        Of(FrameType.ReadKv, 1, uint.MaxValue, Traced(new ReadRange(64, long.MaxValue, 32 << 20, true)), "traced"),
        Of(FrameType.KvRun, 1, uint.MaxValue, GoldenValues.Run, payload: GoldenValues.KvPayload),
        Of(FrameType.KvRun, 1, uint.MaxValue, GoldenValues.CheckedRun, "checksum", GoldenValues.KvPayload),
        Of(FrameType.KvRun, 1, uint.MaxValue, new KvHead(66, 1, KvTier.None, default), "damaged"),
        Of(FrameType.ReadStates, 1, 8, default(Empty)),
        Of(FrameType.ReadStates, 1, 8, Traced(default(Empty)), "traced"),
        Of(FrameType.States, 1, 8, GoldenValues.States),
        Of(FrameType.End, 1, 6, new End(67, true)),
        Of(FrameType.End, 1, uint.MaxValue, new End(66, false), "incomplete"),
        Of(FrameType.AskCredit, 1, 0, new AskCredit(1 << 20, 4 << 20, 4096)),
        Of(FrameType.AskCredit, 1, 0, new AskCredit(0, 0, 1 << 20), "return"),
        Of(FrameType.Credit, 1, 0, new Credit(4 << 20)),
        Of(FrameType.Credit, 1, uint.MaxValue, new Credit(GoldenValues.KvPayload.Length), "read"),
        Of(FrameType.Refused, 1, 2, GoldenValues.Refused),
        Of(FrameType.Refused, 0, 0, GoldenValues.ConnectionRefused, "connection"),
        Of(FrameType.Cancel, 1, uint.MaxValue, default(Empty)),
        Of(FrameType.Ping, 0, 0, default(Empty)),
        Of(FrameType.Pong, 0, 0, default(Empty)),
        Of(FrameType.Follow, 1, 9, new Follow(new FollowPoint(new Epoch(GoldenValues.Epoch), 67, new BlockHash(GoldenValues.Digest), 60), 32 << 20)),
        Of(FrameType.FollowedEpoch, 1, 9, new DurableState(8, new Watermarks(60, 56))),
    ];

    public string FilePath => Path.Combine(
        RepositoryRoot.Path, "tests", "Swarm.DataPlane.Tests", "Golden", "v2", Name + ".bin");

    /// <summary>Bytes that the frame's own checksums cover: all but the payload.</summary>
    public static int HeadEnd(byte[] frame) => FrameHeader.SizeBytes + FrameHeader.Read(frame.AsSpan(0, FrameHeader.SizeBytes)).HeadLength;

    private static GoldenFrame Of<TMessage>(
        FrameType type, uint attachment, uint correlation, TMessage message, string special = "", byte[]? payload = null)
        where TMessage : IMessage<TMessage> => new(
            special.Length == 0 ? $"{type}" : $"{type}-{special}",
            type,
            typeof(TMessage),
            () => SendAsync(type, attachment, correlation, message, payload ?? []),
            ReceiveAsync<TMessage>,
            Show(type, attachment, correlation, message, payload ?? []));

    private static async Task<byte[]> SendAsync<TMessage>(
        FrameType type, uint attachment, uint correlation, TMessage message, byte[] payload)
        where TMessage : IMessage<TMessage>
    {
        var transport = new MemoryTransport(default);
        await using var channel = Channel(transport);
        await channel.SendAsync(type, attachment, correlation, message, payload);
        return transport.Written;
    }

    private static async Task<string> ReceiveAsync<TMessage>(byte[] content)
        where TMessage : IMessage<TMessage>
    {
        var transport = new MemoryTransport(content);
        await using var channel = Channel(transport);
        if (await channel.ReceiveHeaderAsync() is not { } header)
        {
            return "nothing";
        }

        using var head = await channel.ReceiveHeadAsync(header);
        var message = MessageReader.ReadAll<TMessage>(head.Memory.Span);
        using var payload = await channel.ReceiveAsync(header.PayloadLength);
        if (header.PayloadLength > 0)
        {
            KvPayload.Verify(GoldenValues.Geometry, GoldenValues.KvFirst, GoldenValues.KvCount, payload.Memory.Span);
        }

        return Show(header.Type, header.Attachment, header.Correlation, message, payload.Memory.Span)
            + (transport.Left == 0 ? "" : $" and {transport.Left} bytes of the next frame");
    }

    private static Traced<TMessage> Traced<TMessage>(TMessage message)
        where TMessage : IMessage<TMessage> => new(GoldenValues.Trace, message);

    private static FrameChannel Channel(MemoryTransport transport) => new(transport, new BufferPool(0), TimeProvider.System);

    private static string Show<TMessage>(
        FrameType type, uint attachment, uint correlation, TMessage message, ReadOnlySpan<byte> payload) =>
        $"{type} {attachment}/{correlation} {ShowMessage(message)} {Convert.ToHexString(payload)}";

    // Records show arrays and lists by their type: those that hold some are shown by their content.
    private static string ShowMessage<TMessage>(TMessage message) => message switch
    {
        Traced<Attach> traced => $"{traced.Trace} {ShowMessage(traced.Message)}",
        Traced<Rewind> traced => $"{traced.Trace} {ShowMessage(traced.Message)}",
        Attach attach => $"{attach.Context} {attach.Epoch} {Convert.ToHexString(attach.Secret)}",
        Attached attached => $"{attached} {Convert.ToHexString(attached.TenantKey)}",
        Rewind rewind => $"{rewind.Length} {Convert.ToHexString(rewind.Secret)}",
        InputList inputs => $"{inputs.Run.FirstPosition} [{string.Join(' ', inputs.Run.Tokens.ToArray())}] "
            + $"[{string.Join(' ', inputs.Run.Steps.ToArray())}] {ShowMessage(inputs.States)}",
        StateList states => string.Join(
            ' ', states.States.Select(state => $"{state.Name}@{state.Position}={Convert.ToHexString(state.Content.Span)}")),
        _ => $"{message}",
    };
}
