using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;
using Swarm.DataPlane.Tests.Golden;
using Swarm.Testing.Fuzzing;
using Xunit;

namespace Swarm.DataPlane.Tests;

/// <summary>
/// Hostile frames, made of the golden ones, most of them under checksums that hold: a message or a typed error, and little memory. A long run:
/// <c>SWARM_FUZZ_INPUTS=500000</c>, see <see cref="FuzzRun"/>.
/// </summary>
public sealed class WireFuzzTests
{
    private const int BodyChecksumOffset = 24;
    private const int HeaderChecksumOffset = 32;

    private static readonly Dictionary<string, (Type Message, Func<byte[], FuzzOutcome> Parse)> Messages = new()
    {
        ["hello"] = Of<Hello>(),
        ["welcome"] = Of<Welcome>(),
        ["attach"] = Of<Attach>(),
        ["attach-reader"] = Of<AttachReader>(),
        ["attached"] = Of<Attached>(),
        ["inputs"] = Of<InputList>(),
        ["states"] = Of<StateList>(),
        ["kv-head"] = Of<KvHead>(),
        ["durable"] = Of<DurableState>(),
        ["rewind"] = Of<Rewind>(),
        ["read"] = Of<ReadRange>(),
        ["follow"] = Of<Follow>(),
        ["end"] = Of<End>(),
        ["ask-credit"] = Of<AskCredit>(),
        ["credit"] = Of<Credit>(),
        ["refused"] = Of<Refused>(),
        ["empty"] = Of<Empty>(),
        ["traced-attach"] = Of<Traced<Attach>>(),
        ["traced-attach-reader"] = Of<Traced<AttachReader>>(),
        ["traced-rewind"] = Of<Traced<Rewind>>(),
        ["traced-read"] = Of<Traced<ReadRange>>(),
        ["traced-empty"] = Of<Traced<Empty>>(),
    };

    public static TheoryData<string> Names => [.. Messages.Keys];

    [Fact]
    public void Messages_OfEveryGoldenFrame_AreFuzzed() =>
        Assert.Equal(GoldenFrame.All.Select(golden => golden.Message).ToHashSet(), Messages.Values.Select(item => item.Message).ToHashSet());

    [Theory]
    [MemberData(nameof(Names))]
    public void Frame_MutatedUnderSoundChecksums_GivesAMessageThatCanBeWrittenOrAProtocolError(string name)
    {
        var (message, parse) = Messages[name];
        var seeds = GoldenFrame.All.Where(golden => golden.Message == message).Select(golden => File.ReadAllBytes(golden.FilePath));

        var values = new FuzzRun($"wire {name}", $"tests/Swarm.DataPlane.Tests/Corpus/{name}.txt").Run(
            [.. seeds], Mutate, parse, error => error is ProtocolException);

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

    private static (Type Message, Func<byte[], FuzzOutcome> Parse) Of<TMessage>()
        where TMessage : IMessage<TMessage> => (typeof(TMessage), Parse<TMessage>);

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
