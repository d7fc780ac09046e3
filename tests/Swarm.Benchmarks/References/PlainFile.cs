using Swarm.Benchmarks.Paths;

namespace Swarm.Benchmarks.References;

/// <summary>One file, written and read from its first byte to its last.</summary>
/// <param name="path">Where.</param>
internal sealed class PlainFile(string path)
{
    private const int Piece = 1 << 20;

    /// <summary>Writes a new file, flushed to the disk.</summary>
    public void Write(KvMemory source)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.None);
        for (long offset = 0; offset < source.Bytes; offset += Piece)
        {
            RandomAccess.Write(file, source.Slice(offset, Piece), offset);
        }

        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Reads it.</summary>
    public void Read(KvMemory destination)
    {
        using var file = File.OpenHandle(path);
        for (long offset = 0; offset < destination.Bytes;)
        {
            offset += RandomAccess.Read(file, destination.Slice(offset, Piece), offset);
        }
    }
}
