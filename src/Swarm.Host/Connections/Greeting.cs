using System.Buffers;
using System.Buffers.Binary;

namespace Swarm.Host.Connections;

/// <summary>How much of what a peer sends first must be there before a connection is served.</summary>
internal static class Greeting
{
    private const int LengthBytes = 4;
    private const int MostBytes = 1024;

    /// <summary>Something: the protocol has a deadline of its own for the rest.</summary>
    /// <param name="sent">What was received.</param>
    /// <returns>Whether it is enough.</returns>
    public static bool HasBegun(ReadOnlySequence<byte> sent) => !sent.IsEmpty;

    /// <summary>
    /// Orleans' preamble: its length in 4 bytes, little-endian, at most 1,024, and so many bytes. Orleans would wait for it without end.
    /// </summary>
    /// <param name="sent">What was received.</param>
    /// <returns>Whether it is enough; also where it cannot be a preamble, which Orleans then says.</returns>
    public static bool IsOrleansPreamble(ReadOnlySequence<byte> sent)
    {
        if (sent.Length < LengthBytes)
        {
            return false;
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        sent.Slice(0, LengthBytes).CopyTo(length);
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        return bytes is < 0 or > MostBytes || sent.Length >= LengthBytes + bytes;
    }
}
