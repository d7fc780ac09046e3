using System.Buffers;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Log;

/// <summary>Reads segment indexes: one ranged read nearly always, two for a large index.</summary>
internal sealed class SegmentReader(RetryingReader reader)
{
    /// <summary>Reads the index of a segment.</summary>
    /// <returns>The segment or seal; <see langword="null"/> when there is no such object.</returns>
    /// <exception cref="CorruptObjectException">It is damaged; the message names it.</exception>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<Segment?> ReadAsync(Id128 writer, ulong sequence)
    {
        var name = BlobNames.Log(writer, sequence);
        var buffer = ArrayPool<byte>.Shared.Rent(SegmentCodec.ProbeBytes);
        try
        {
            var read = await reader.ReadAsync(name, 0, buffer.AsMemory(0, SegmentCodec.ProbeBytes));
            if (read.IsMissing)
            {
                return null;
            }

            var end = SegmentCodec.IndexEnd(buffer.AsSpan(0, read.Count));
            if (end > read.Count && end <= read.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(end);
                buffer.AsSpan(0, read.Count).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
                var rest = await reader.ReadAsync(name, read.Count, buffer.AsMemory(read.Count, end - read.Count));
                read = rest with { Count = read.Count + rest.Count };
            }

            var segment = SegmentCodec.Decode(buffer.AsSpan(0, Math.Min(end, read.Count)), read.Length);
            return segment.Writer == writer && segment.Sequence == sequence
                ? segment
                : throw new CorruptObjectException($"it says that it is {segment.Writer}/{segment.Sequence}");
        }
        catch (CorruptObjectException error)
        {
            throw new CorruptObjectException($"{name}: {error.Message}", error.IsUnsupported);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
