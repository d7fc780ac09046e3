using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Tool.Stores;

namespace Swarm.Tool.Verification;

/// <summary>Checks indexes of logs, and holds them against the segments that are there.</summary>
/// <param name="reader">The store.</param>
/// <param name="isQuick">Whether the segments are left alone.</param>
internal sealed class IndexChecker(StoreReader reader, bool isQuick)
{
    private const int FirstRead = 64 << 10;

    /// <summary>Checks an index.</summary>
    /// <returns>What is wrong, or <see langword="null"/>: also when it was deleted since it was listed.</returns>
    public async Task<string?> CheckAsync(Id128 writer, ulong first)
    {
        try
        {
            var (content, _) = await reader.Ranges.ReadWholeAsync(
                BlobNames.LogIndex(writer, first), FirstRead, LogIndexCodec.MaxBytes);
            if (content is null)
            {
                return null;
            }

            var index = LogIndexCodec.Decode(content);
            return index.Writer != writer || index.First != first ? $"it says that it is {index.Writer}/{index.First}"
                : isQuick ? null
                : await CompareAsync(index);
        }
        catch (CorruptObjectException error)
        {
            return error.Message;
        }
    }

    private async Task<string?> CompareAsync(LogIndex index)
    {
        foreach (var segment in index.Segments)
        {
            if (await ReadAsync(index.Writer, segment.Sequence) is { } found && found.Nonce != segment.Nonce)
            {
                return $"it holds another segment {segment.Sequence} than the log";
            }
        }

        return null;
    }

    /// <summary>A segment; none where it is collected, or damaged: whoever needs it says so.</summary>
    private async Task<Segment?> ReadAsync(Id128 writer, ulong sequence)
    {
        try
        {
            return await reader.Segments.ReadAsync(writer, sequence);
        }
        catch (CorruptObjectException)
        {
            return null;
        }
    }
}
