using Swarm.Core.Identity;
using Swarm.DataPlane.Frames;

namespace Swarm.DataPlane.Messages;

/// <summary>The head of a KV frame; the payload follows.</summary>
/// <param name="FirstPosition">First position of the run.</param>
/// <param name="Count">Positions.</param>
/// <param name="Tier">Where the bytes came from; none for an append.</param>
/// <param name="PrefixHash">Chain hash through the last position.</param>
internal readonly record struct KvHead(
    long FirstPosition, int Count, KvTier Tier, Digest256 PrefixHash) : IMessage<KvHead>
{
    public const int SizeBytes = FrameLimits.KvHeadBytes;

    public int EncodedLength => SizeBytes;

    public static KvHead Read(ref MessageReader reader) =>
        new(reader.ReadPosition(), reader.ReadCount(int.MaxValue, "positions"), (KvTier)reader.ReadInt32(), reader.ReadDigest());

    public void Write(ref MessageWriter writer)
    {
        writer.WritePosition(FirstPosition);
        writer.WriteInt32(Count);
        writer.WriteInt32((int)Tier);
        writer.WriteDigest(PrefixHash);
    }
}
