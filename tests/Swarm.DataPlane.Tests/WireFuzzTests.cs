using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Core.Contexts;
using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Tests.Hosting;
using Swarm.Testing.Fuzzing;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>
/// Hostile frames, most of them under checksums that hold: a message or a typed error, and little memory. A long run:
/// <c>SWARM_FUZZ_INPUTS=500000</c>, see <see cref="FuzzRun"/>.
/// </summary>
public sealed class WireFuzzTests
{
    private const int BodyChecksumOffset = 24;
    private const int HeaderChecksumOffset = 32;

    private static readonly byte[] Secret = [.. Enumerable.Range(0, SessionSecret.SizeBytes).Select(value => (byte)value)];
    private static readonly Digest256 Digest = Digest256.Sha256("digest"u8);

    private static readonly Dictionary<string, (byte[] Sample, Func<byte[], FuzzOutcome> Parse)> Messages = new()
    {
        ["hello"] = Of(FrameType.Hello, new Hello(Hello.CurrentVersion, 1, "tenant", "token")),
        ["welcome"] = Of(FrameType.Welcome, new Welcome(1, 0, 64, 16, 1 << 20)),
        ["attach"] = Of(FrameType.Attach, new Attach("track/vehicle-17", 7, Secret)),
        ["attach-reader"] = Of(FrameType.AttachReader, new AttachReader("track/vehicle-17")),
        ["attached"] = Of(FrameType.Attached, new Attached(1, 7, new Watermarks(9, 8), Digest, 64, Digest.ToArray(), 1 << 20)),
        ["inputs"] = Of(FrameType.AppendInputs, new InputList(
            Payloads.Inputs(3, 9), new StateList([new NamedState("sampler", 5, new byte[17]), new NamedState("s", 1, new byte[1])]))),
        ["states"] = Of(FrameType.States, new StateList([new NamedState("tracker/state.v1", 5, new byte[40])])),
        ["kv-head"] = Of(FrameType.AppendKv, new KvHead(5, 3, KvTier.Blob, Digest)),
        ["durable"] = Of(FrameType.Durable, new DurableState(7, new Watermarks(9, 8))),
        ["rewind"] = Of(FrameType.Rewind, new Rewind(5, Secret)),
        ["read"] = Of(FrameType.ReadKv, new ReadRange(5, 100, 1 << 20, true)),
        ["end"] = Of(FrameType.End, new End(9, true)),
        ["ask-credit"] = Of(FrameType.AskCredit, new AskCredit(1, 2, 3)),
        ["credit"] = Of(FrameType.Credit, new Credit(99)),
        ["refused"] = Of(FrameType.Refused, new Refused(new Refusal(RefusalCode.Owned, "Somebody holds it.", new Epoch(7), 5, "drone-a"))),
        ["empty"] = Of(FrameType.Touch, default(Empty)),
    };

    public static TheoryData<string> Names => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Frame_MutatedUnderSoundChecksums_GivesAMessageThatCanBeWrittenOrAProtocolError(string name)
    {
        var (sample, parse) = Messages[name];

        var values = new FuzzRun($"wire {name}", $"tests/Swarm.DataPlane.Tests/Corpus/{name}.txt").Run(
            [sample], Mutate, parse, error => error is ProtocolException);

        Assert.True(values > 0, "no mutation got through: the fuzz tests too little");
    }

    /// <summary>Mostly another body under a header that is right about it; else a header that lies.</summary>
    private static byte[] Mutate(byte[] frame, Random random)
    {
        if (frame.Length < FrameHeader.SizeBytes || random.Next(8) == 0)
        {
            return Mutator.Mutate(frame, random);
        }

        byte[] mutated;
        if (random.Next(4) == 0)
        {
            mutated = [.. frame];
            mutated[random.Next(HeaderChecksumOffset)] = (byte)random.Next(256);
        }
        else
        {
            var body = Mutator.Mutate(frame.AsSpan(FrameHeader.SizeBytes), random);
            mutated = [.. frame.AsSpan(0, FrameHeader.SizeBytes), .. body];
            BinaryPrimitives.WriteInt32LittleEndian(mutated.AsSpan(16), body.Length);
            if ((FrameType)mutated[4] is not (FrameType.AppendKv or FrameType.KvRun))
            {
                BinaryPrimitives.WriteInt32LittleEndian(mutated.AsSpan(20), body.Length);
            }

            var headLength = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(mutated.AsSpan(20)), (uint)body.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(
                mutated.AsSpan(BodyChecksumOffset), XxHash3.HashToUInt64(body.AsSpan(0, (int)headLength)));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(
            mutated.AsSpan(HeaderChecksumOffset), XxHash3.HashToUInt64(mutated.AsSpan(0, HeaderChecksumOffset)));
        return mutated;
    }

    private static (byte[] Sample, Func<byte[], FuzzOutcome> Parse) Of<TMessage>(FrameType type, TMessage message)
        where TMessage : IMessage<TMessage>
    {
        var head = new byte[message.EncodedLength];
        var writer = new MessageWriter(head);
        message.Write(ref writer);
        var frame = new byte[FrameHeader.SizeBytes + head.Length];
        new FrameHeader(type, 1, 2, head.Length, head.Length, XxHash3.HashToUInt64(head)).Write(frame);
        head.CopyTo(frame, FrameHeader.SizeBytes);
        return (frame, Parse<TMessage>);
    }

    private static FuzzOutcome Parse<TMessage>(byte[] frame)
        where TMessage : IMessage<TMessage>
    {
        if (frame.Length < FrameHeader.SizeBytes)
        {
            return new FuzzOutcome("waits for a header"); // A channel reads on: nothing was parsed.
        }

        var header = FrameHeader.Read(frame.AsSpan(0, FrameHeader.SizeBytes));
        if (frame.Length - FrameHeader.SizeBytes < header.Length)
        {
            return new FuzzOutcome("waits for a body");
        }

        var head = frame.AsSpan(FrameHeader.SizeBytes, header.HeadLength);
        header.RequireChecksum(head);
        var message = MessageReader.ReadAll<TMessage>(head);
        return new FuzzOutcome("message", () =>
        {
            var written = new byte[message.EncodedLength];
            var writer = new MessageWriter(written);
            message.Write(ref writer);
        });
    }
}
