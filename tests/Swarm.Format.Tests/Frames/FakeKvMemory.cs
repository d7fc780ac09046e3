using Xunit;

namespace Swarm.Format.Tests.Frames;

/// <summary>A cache of some positions alone, in pieces of any length: hands out nothing else, and knows what was marked.</summary>
internal sealed class FakeKvMemory(KvGeometry geometry, int first, int count, Random random) : IKvMemory
{
    private readonly byte[][][][] _rows = [.. geometry.Groups.Select(group => group.Streams
        .Select(stream => group.Layers.Select(_ => new byte[count * stream.RowBytes]).ToArray())
        .ToArray())];

    private readonly HashSet<(int Group, int Stream, int Position)> _marked = [];

    /// <summary>Positions that were marked, over all streams.</summary>
    public int Marked => _marked.Count;

    /// <summary>Positions from which on there is no room.</summary>
    public int FullAt { get; init; } = int.MaxValue;

    public Memory<byte> GetRows(int group, int stream, int layer, int firstPosition, int positions)
    {
        Assert.InRange(firstPosition, first, first + count - 1);
        Assert.InRange(positions, 1, first + count - firstPosition);
        if (firstPosition + positions > FullAt)
        {
            throw new InvalidOperationException("The cache is full.");
        }

        var rowBytes = geometry.Groups[group].Streams[stream].RowBytes;
        return _rows[group][stream][layer].AsMemory((firstPosition - first) * rowBytes, random.Next(1, positions + 1) * rowBytes);
    }

    public void MarkWritten(int group, int stream, int firstPosition, int positions)
    {
        for (var position = firstPosition; position < firstPosition + positions; position++)
        {
            Assert.InRange(position, first, first + count - 1);
            Assert.True(_marked.Add((group, stream, position)), $"position {position} was marked twice");
        }
    }

    public void Forget() => _marked.Clear();

    /// <summary>Whether what was marked is what another one holds there.</summary>
    public bool IsMarkedAsIn(FakeKv source)
    {
        foreach (var (group, stream, position) in _marked)
        {
            var rowBytes = geometry.Groups[group].Streams[stream].RowBytes;
            var row = new byte[geometry.Groups[group].FrameBytesPerPosition(stream)];
            source.CopyOut(group, stream, position, 1, row);
            for (var layer = 0; layer < geometry.Groups[group].Layers.Length; layer++)
            {
                if (!_rows[group][stream][layer].AsSpan((position - first) * rowBytes, rowBytes)
                    .SequenceEqual(row.AsSpan(layer * rowBytes, rowBytes)))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
