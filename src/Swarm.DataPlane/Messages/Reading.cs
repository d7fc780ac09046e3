using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;

namespace Swarm.DataPlane.Messages;

/// <summary>A range of inputs or KV is wanted.</summary>
/// <param name="FirstPosition">First position.</param>
/// <param name="Count">Positions.</param>
/// <param name="Credit">For KV: bytes that may be sent without further credit.</param>
/// <param name="IsRecheck">For KV: whether the silo checks its copies, since one has failed the reader.</param>
internal readonly record struct ReadRange(long FirstPosition, long Count, long Credit, bool IsRecheck) : IMessage<ReadRange>
{
    public int EncodedLength => (3 * sizeof(long)) + 1;

    public static ReadRange Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadPosition(), reader.ReadPosition(), reader.ReadByte() != 0);

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(FirstPosition);
        writer.WritePosition(Count);
        writer.WritePosition(Credit);
        writer.WriteByte(IsRecheck ? (byte)1 : (byte)0);
    }
}

/// <summary>Inputs and KV are wanted as they become durable.</summary>
/// <param name="From">What the follower has.</param>
/// <param name="Credit">Bytes of KV that may be sent without further credit.</param>
internal readonly record struct Follow(FollowPoint From, long Credit) : IMessage<Follow>
{
    public int EncodedLength => (4 * sizeof(long)) + Digest256.SizeBytes;

    public static Follow Read(ref MessageReader reader)
    {
        var epoch = new Epoch(reader.ReadUInt64());
        var position = reader.ReadPosition();
        var hash = new BlockHash(reader.ReadDigest());
        return new(new FollowPoint(epoch, position, hash, reader.ReadPosition()), reader.ReadPosition());
    }

    public void Write(ref MessageWriter writer)
    {
        writer.WriteUInt64(From.Epoch.Value);
        writer.WritePosition(From.Position);
        writer.WriteDigest(From.Hash.Value);
        writer.WritePosition(From.KvPosition);
        writer.WritePosition(Credit);
    }
}

/// <summary>So many more bytes of KV payload may be sent.</summary>
/// <param name="Bytes">Bytes.</param>
internal readonly record struct Credit(long Bytes) : IMessage<Credit>
{
    public int EncodedLength => sizeof(long);

    public static Credit Read(ref MessageReader reader) =>
        new(reader.ReadPosition());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(Bytes);
    }
}

/// <summary>An answer of several frames is complete.</summary>
/// <param name="NextPosition">Position behind the last one sent.</param>
/// <param name="Complete">Whether all that was asked for, and is durable, was sent.</param>
internal readonly record struct End(long NextPosition, bool Complete) : IMessage<End>
{
    public int EncodedLength => sizeof(long) + 1;

    public static End Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadByte() != 0);

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(NextPosition);
        writer.WriteByte(Complete ? (byte)1 : (byte)0);
    }
}
