using System.Globalization;
using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Log;

/// <summary>Tells the end of a log from a segment that was durable and is lost (protocol, rule 28).</summary>
/// <remarks>
/// Segments behind the first missing one are no proof: puts overtake each other. But each says how far the log was durable when it
/// was made, a seal from where on all was there, and an index is made of durable segments alone. None of it can come before the
/// segment that it speaks of.
/// </remarks>
internal sealed class LogHoles(IBlobStore store, SegmentReader segments, TimeProvider time, ProtocolRules rules, StorageMetrics? metrics = null)
{
    private const int MaxReads = 32;

    // Numbers are listed in blocks of these, by the digits that they share: a log may have 100,000 segments.
    private const int BlockDigits = 13;
    private const ulong BlockSegments = 1 << 12;

    /// <summary>Whether a segment that is missing was durable once.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="missing">The number that was found missing.</param>
    /// <returns>
    /// Whether it is lost. A collection deletes segments too: whoever asks looks whether the root that needs the segment is still the same.
    /// </returns>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<bool> IsLostAsync(Id128 writer, ulong missing) =>
        rules.FindsHoles
        && (await Task.WhenAll(HasIndexAsync(writer, missing), IsAssuredAsync(writer, missing))).Any(isTold => isTold)
        && !await IsCollectedAsync(writer, missing)
        && await segments.ReadAsync(writer, missing) is null;

    /// <summary>Numbers of the segments and seals behind one, ascending: those of its block and of the next.</summary>
    /// <exception cref="BlobStoreException">The store cannot be reached.</exception>
    public async Task<List<ulong>> ListBehindAsync(Id128 writer, ulong missing)
    {
        ulong[] blocks = missing <= ulong.MaxValue - BlockSegments ? [missing, missing + BlockSegments] : [missing];
        var numbers = await Task.WhenAll(
            blocks.Select(block => ListAsync(BlobNames.Log(writer, block)[..^(16 - BlockDigits)], missing + 1)));
        return [.. numbers.SelectMany(some => some)];
    }

    /// <summary>An index is called after its first segment: the missing one, where whoever wrote it made indexes of another size.</summary>
    private async Task<bool> HasIndexAsync(Id128 writer, ulong missing) =>
        (await ListAsync($"{BlobNames.LogIndexesPrefix}{writer}/", missing)).Count > 0;

    /// <summary>The later a segment, the more it assures: it is looked for from the end.</summary>
    private async Task<bool> IsAssuredAsync(Id128 writer, ulong missing)
    {
        var behind = await ListBehindAsync(writer, missing);
        behind.Reverse();
        foreach (var number in behind.Take(MaxReads))
        {
            if ((await TryReadAsync(writer, number))?.Assures(missing) == true)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a seal says that it may have been collected. All of the log is listed: what seems lost is rare.</summary>
    private async Task<bool> IsCollectedAsync(Id128 writer, ulong missing)
    {
        foreach (var number in await ListAsync($"{BlobNames.LogsPrefix}{writer}/", missing + 1, LogSeals.MaxBytes))
        {
            if (await TryReadAsync(writer, number) is { IsSeal: true, Collected: { } collected } && missing < collected)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<Segment?> TryReadAsync(Id128 writer, ulong number)
    {
        try
        {
            return await segments.ReadAsync(writer, number);
        }
        catch (CorruptObjectException)
        {
            return null; // Another one may tell.
        }
    }

    private Task<List<ulong>> ListAsync(string prefix, ulong from, long maxBytes = long.MaxValue) => time.RetryAsync(async () =>
    {
        var numbers = new List<ulong>();
        await foreach (var item in store.ListAsync(prefix, CancellationToken.None))
        {
            if (Number(item.Name) is { } number && number >= from && item.Length <= maxBytes)
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        return numbers;
    }, metrics);

    private static ulong? Number(string name) =>
        ulong.TryParse(name.AsSpan(name.LastIndexOf('/') + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
