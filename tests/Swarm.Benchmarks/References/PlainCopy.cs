using Swarm.Benchmarks.Paths;

namespace Swarm.Benchmarks.References;

/// <summary>memcpy, in pieces of a record's size.</summary>
internal static class PlainCopy
{
    private const int Piece = 8 << 20;

    /// <summary>Copies all of it.</summary>
    public static void Run(KvMemory source, KvMemory destination)
    {
        for (long offset = 0; offset < source.Bytes; offset += Piece)
        {
            source.Slice(offset, Piece).CopyTo(destination.Slice(offset, Piece));
        }
    }
}
