using Swarm.Format.Objects;
using Swarm.Storage.Blobs;

namespace Swarm.Tool.Stores;

/// <summary>Reads many small ranges of objects, most of them one behind the other, by few large reads.</summary>
internal sealed class RangeWindow(RetryingReader reader)
{
    private const int WindowBytes = 4 << 20;
    private byte[] _buffer = [];
    private string _name = "";
    private long _offset;
    private int _count;

    /// <summary>Bytes that were handed out.</summary>
    public long HandedOut { get; private set; }

    /// <summary>Reads a range.</summary>
    /// <param name="name">The object.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="objectLength">Length of the object: no more than that is read ahead.</param>
    /// <returns>The bytes, valid until the next call.</returns>
    /// <exception cref="CorruptObjectException">The object is missing, ends before, or cannot be read there.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, long objectLength)
    {
        if (name != _name || offset < _offset || offset + length > _offset + _count)
        {
            await FillAsync(name, offset, (int)Math.Max(length, Math.Min(WindowBytes, objectLength - offset)));
        }

        if (offset + length > _offset + _count)
        {
            throw new CorruptObjectException($"{name} ends at {_offset + _count}, within the {length} bytes at {offset}");
        }

        HandedOut += length;
        return _buffer.AsMemory((int)(offset - _offset), length);
    }

    private async Task FillAsync(string name, long offset, int length)
    {
        if (_buffer.Length < length)
        {
            _buffer = new byte[length];
        }

        (_name, _count) = ("", 0);
        var read = await reader.ReadAsync(name, offset, _buffer.AsMemory(0, length));
        if (read.IsMissing)
        {
            throw new CorruptObjectException($"{name} is missing");
        }

        (_name, _offset, _count) = (name, offset, read.Count);
    }
}
