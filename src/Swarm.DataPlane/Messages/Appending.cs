using Swarm.Core.Identity;
using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>A run of inputs with its steps, and states that become durable with it.</summary>
/// <param name="Run">The inputs; the steps add up to them.</param>
/// <param name="States">The states.</param>
internal readonly record struct InputList(InputRun Run, StateList States) : IMessage<InputList>
{
    public int EncodedLength => sizeof(long) + (2 * sizeof(int))
        + ((Run.Tokens.Length + Run.Steps.Length) * sizeof(int)) + States.EncodedLength;

    public static InputList Read(ref MessageReader reader)
    {
        var first = reader.ReadPosition();
        var tokens = reader.ReadInts(reader.ReadCount(FrameLimits.MaxAppendTokens, "tokens"));
        var steps = reader.ReadInts(reader.ReadCount(FrameLimits.MaxAppendTokens, "steps"));
        var total = 0L;
        foreach (var step in steps)
        {
            total += step > 0 ? step : throw new ProtocolException($"a step of {step} tokens is not possible");
        }

        return total == tokens.Length
            ? new InputList(new InputRun(first, tokens, steps), StateList.Read(ref reader))
            : throw new ProtocolException($"steps of {total} tokens do not add up to {tokens.Length}");
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Run.FirstPosition);
        writer.WriteInt32(Run.Tokens.Length);
        writer.WriteInts(Run.Tokens.Span);
        writer.WriteInt32(Run.Steps.Length);
        writer.WriteInts(Run.Steps.Span);
        States.Write(ref writer);
    }
}

/// <summary>The head of a KV frame; the payload follows.</summary>
/// <param name="FirstPosition">First position of the run.</param>
/// <param name="Count">Positions.</param>
/// <param name="Tier">Where the bytes came from; none for an append.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
/// <param name="Checksum">XXH3 of the payload, as it was stored; <see langword="null"/> for an append, and where the peer does not know this.</param>
internal readonly record struct KvHead(
    long FirstPosition, int Count, KvTier Tier, Digest256 PrefixHash, ulong? Checksum = null) : IMessage<KvHead>
{
    public const int SizeBytes = FrameLimits.KvHeadBytes;

    public const int CheckedSizeBytes = FrameLimits.CheckedKvHeadBytes;

    public int EncodedLength => Checksum is null ? SizeBytes : CheckedSizeBytes;

    public static KvHead Read(ref MessageReader reader) => new(
        reader.ReadPosition(),
        reader.ReadCount(int.MaxValue, "positions"),
        (KvTier)reader.ReadInt32(),
        reader.ReadDigest(),
        reader.IsAtEnd ? null : reader.ReadUInt64());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(FirstPosition);
        writer.WriteInt32(Count);
        writer.WriteInt32((int)Tier);
        writer.WriteDigest(PrefixHash);
        if (Checksum is { } checksum)
        {
            writer.WriteUInt64(checksum);
        }
    }
}

/// <summary>KV is to be appended.</summary>
/// <param name="Needed">Bytes of the next record; 0 when credit is only given back.</param>
/// <param name="Wanted">Bytes that would be used at once; at least <paramref name="Needed"/>.</param>
/// <param name="Returned">
/// Credit that the client had left and gives back with this: whoever waits holds none, so that the parts of many who
/// wait cannot lock up the budget.
/// </param>
internal readonly record struct AskCredit(long Needed, long Wanted, long Returned) : IMessage<AskCredit>
{
    public int EncodedLength => 3 * sizeof(long);

    public static AskCredit Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadPosition(), reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Needed);
        writer.WritePosition(Wanted);
        writer.WritePosition(Returned);
    }
}
