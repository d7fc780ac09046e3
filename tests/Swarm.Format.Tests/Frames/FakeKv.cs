
namespace Swarm.Format.Tests.Frames;

/// <summary>KV of a few positions, one array for each group and stream, laid out [layer][position][row].</summary>
internal sealed class FakeKv
{
    private readonly int _first;
    private readonly int _count;
    private readonly byte[][][] _streams;

    public FakeKv(KvGeometry geometry, int first, int count)
    {
        Geometry = geometry;
        (_first, _count) = (first, count);
        _streams = [.. geometry.Groups.Select(group =>
            group.Streams.Select((_, stream) => new byte[group.FrameBytesPerPosition(stream) * count]).ToArray())];
    }

    public KvGeometry Geometry { get; }

    public long Written { get; private set; }

    public void Fill(Random random)
    {
        foreach (var stream in _streams.SelectMany(group => group))
        {
            random.NextBytes(stream);
        }
    }

    public void CopyOut(int group, int stream, int firstPosition, int count, Span<byte> destination)
    {
        for (var layer = 0; layer < Geometry.Groups[group].Layers.Length; layer++)
        {
            var rows = Rows(group, stream, layer, firstPosition, count);
            rows.CopyTo(destination);
            destination = destination[rows.Length..];
        }

        Xunit.Assert.True(destination.IsEmpty, "the destination is longer than the frame");
    }

    public void CopyIn(int group, int stream, int firstPosition, int count, ReadOnlySpan<byte> source)
    {
        Written += source.Length;
        for (var layer = 0; layer < Geometry.Groups[group].Layers.Length; layer++)
        {
            var rows = Rows(group, stream, layer, firstPosition, count);
            source[..rows.Length].CopyTo(rows);
            source = source[rows.Length..];
        }

        Xunit.Assert.True(source.IsEmpty, "the source is longer than the frame");
    }

    public bool EqualsIn(FakeKv other, int firstPosition, int count)
    {
        for (var group = 0; group < _streams.Length; group++)
        {
            for (var stream = 0; stream < _streams[group].Length; stream++)
            {
                for (var layer = 0; layer < Geometry.Groups[group].Layers.Length; layer++)
                {
                    if (!Rows(group, stream, layer, firstPosition, count)
                        .SequenceEqual(other.Rows(group, stream, layer, firstPosition, count)))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private Span<byte> Rows(int group, int stream, int layer, int firstPosition, int count)
    {
        var rowBytes = Geometry.Groups[group].Streams[stream].RowBytes;
        var start = ((layer * _count) + firstPosition - _first) * rowBytes;
        return _streams[group][stream].AsSpan(start, count * rowBytes);
    }
}
