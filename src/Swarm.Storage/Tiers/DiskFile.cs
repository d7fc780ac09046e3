using System.Buffers.Binary;
using System.IO.Hashing;
using Swarm.Format.Segments;

namespace Swarm.Storage.Tiers;

/// <summary>A file of the disk tier.</summary>
/// <param name="Name">Which payload it holds.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="IsKnown">Whether this process wrote it, or has checked it: a power cut may have torn what an earlier one wrote.</param>
internal readonly record struct DiskFile(UInt128 Name, int Length, bool IsKnown)
{
    /// <summary>XxHash128 of what names a payload: that of two payloads is the same for no practical number of them.</summary>
    public static UInt128 NameOf(PayloadRef payload)
    {
        Span<byte> key = stackalloc byte[64];
        var source = payload.Object;
        BinaryPrimitives.WriteUInt16LittleEndian(key, source.Volume);
        BinaryPrimitives.WriteInt32LittleEndian(key[2..], (int)source.Kind);
        source.Owner.CopyTo(key[6..]);
        BinaryPrimitives.WriteUInt64LittleEndian(key[22..], source.Number);
        source.ChunkId.CopyTo(key[30..]);
        BinaryPrimitives.WriteInt64LittleEndian(key[46..], payload.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(key[54..], payload.Length);
        return XxHash128.HashToUInt128(key[..58], unchecked((long)payload.Checksum));
    }
}
