using System.Runtime.InteropServices;
using Swarm.Core.Memory;

namespace Swarm.Benchmarks.Paths;

/// <summary>KV of one layer group as a runtime holds it: [stream][layer][position][row], in native memory.</summary>
internal sealed unsafe class KvMemory : IKvMemory, IDisposable
{
    private readonly LayerGroup _group;
    private readonly int _positions;
    private readonly byte* _start;
    private readonly Memory<byte> _all;

    /// <summary>Makes room, every page of it touched.</summary>
    /// <param name="geometry">A geometry of one group.</param>
    /// <param name="positions">Positions.</param>
    public KvMemory(KvGeometry geometry, int positions)
    {
        Geometry = geometry;
        _group = geometry.Groups.Single();
        _positions = positions;
        Bytes = positions * geometry.BytesPerPosition;
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, 64);
        _all = new UnmanagedMemory(_start, checked((int)Bytes)).Memory;
        Clear();
    }

    /// <summary>The geometry.</summary>
    public KvGeometry Geometry { get; }

    /// <summary>Bytes in all.</summary>
    public long Bytes { get; }

    /// <summary>Overwrites all of it, so that nothing that a path did not bring can pass for what it brought.</summary>
    public void Clear() => NativeMemory.Fill(_start, (nuint)Bytes, 0xA5);

    /// <summary>Fills it from a seed.</summary>
    public void Fill(int seed)
    {
        var random = new Random(seed);
        for (long offset = 0; offset < Bytes; offset += 1 << 20)
        {
            random.NextBytes(new Span<byte>(_start + offset, (int)Math.Min(1 << 20, Bytes - offset)));
        }
    }

    /// <summary>Copies rows out, as <see cref="IKvRuntime.ReadKv"/> does.</summary>
    public void Read(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        var bytes = count * _group.Streams[stream].RowBytes;
        for (var layer = 0; layer < _group.Layers.Length; layer++)
        {
            Rows(stream, layer, firstPosition, bytes).CopyTo(destination[(layer * bytes)..]);
        }
    }

    /// <summary>Copies rows in, as <see cref="IKvRuntime.WriteKv"/> does.</summary>
    public void Write(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source)
    {
        var bytes = count * _group.Streams[stream].RowBytes;
        for (var layer = 0; layer < _group.Layers.Length; layer++)
        {
            StreamingCopy.Copy(source.Slice(layer * bytes, bytes), Rows(stream, layer, firstPosition, bytes));
        }
    }

    /// <inheritdoc/>
    public Memory<byte> GetRows(int group, int stream, int layer, int firstPosition, int count) =>
        _all.Slice((int)Offset(stream, layer, firstPosition), count * _group.Streams[stream].RowBytes);

    /// <inheritdoc/>
    public void MarkWritten(int group, int stream, int firstPosition, int count)
    {
        // What is wrong shows when all is compared.
    }

    /// <summary>A part of it, whatever it holds.</summary>
    public Span<byte> Slice(long offset, int length) => new(_start + offset, (int)Math.Min(length, Bytes - offset));

    /// <summary>A part of it, for asynchronous reads and writes.</summary>
    public Memory<byte> Memory(long offset, int length) => new UnmanagedMemory(_start + offset, (int)Math.Min(length, Bytes - offset)).Memory;

    /// <summary>All of it as a stream.</summary>
    public Stream OpenStream(FileAccess access) => new UnmanagedMemoryStream(_start, Bytes, Bytes, access);

    /// <summary>Throws unless both hold the same bytes.</summary>
    public void RequireEqual(KvMemory other, string path)
    {
        for (long offset = 0; offset < Bytes; offset += 1 << 20)
        {
            if (!Slice(offset, 1 << 20).SequenceEqual(other.Slice(offset, 1 << 20)))
            {
                throw new InvalidOperationException($"{path} brought other bytes than were written, behind byte {offset}.");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_start);

    private Span<byte> Rows(int stream, int layer, int position, int bytes) => new(_start + Offset(stream, layer, position), bytes);

    private long Offset(int stream, int layer, int position)
    {
        long offset = 0;
        for (var before = 0; before < stream; before++)
        {
            offset += (long)_group.Layers.Length * _positions * _group.Streams[before].RowBytes;
        }

        return offset + ((((long)layer * _positions) + position) * _group.Streams[stream].RowBytes);
    }
}
