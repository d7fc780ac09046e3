using Swarm.Core.Identity;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Hosting;
using Swarm.Storage.Log;

namespace Swarm.Storage.Collection;

/// <summary>Says in the seals of logs up to where they are collected, before anything of them is deleted (protocol, rule 31). Lives on the store's loop.</summary>
/// <remarks>
/// A root that was sent before a log was sealed may come when its segments are collected already, and name them. It needs none: its
/// writer could put nothing into the log any more. Without the mark, whoever opens it would take what is missing for lost.
/// </remarks>
internal sealed class CollectedMarks(ContextServices services)
{
    private const int Tries = 4;
    private readonly Dictionary<string, ulong> _known = [];

    /// <summary>Marks the seals of a log.</summary>
    /// <param name="writer">The writer whose log it is.</param>
    /// <param name="seals">Numbers of what may be seals, by their length.</param>
    /// <param name="end">Segments below this number may be deleted once this has succeeded.</param>
    /// <returns>False: a seal keeps changing; nothing of the log may be deleted now.</returns>
    /// <exception cref="CorruptObjectException">A seal is damaged.</exception>
    /// <exception cref="Blobs.BlobStoreException">The store cannot be reached.</exception>
    public async Task<bool> MarkAsync(Id128 writer, IEnumerable<ulong> seals, ulong end)
    {
        foreach (var sequence in seals)
        {
            if (!await MarkAsync(BlobNames.Log(writer, sequence), Math.Min(end, sequence)))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> MarkAsync(string name, ulong end)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (_known.TryGetValue(name, out var known) && known >= end)
            {
                return true;
            }

            var (content, etag) = await services.Reader.ReadWholeAsync(name, LogSeals.MaxBytes, LogSeals.MaxBytes);
            if (content is null)
            {
                return false;
            }

            var seal = SegmentCodec.Decode(content, content.Length);
            _known[name] = seal.IsSeal ? seal.Collected ?? 0 : ulong.MaxValue;
            if (_known[name] < end)
            {
                await services.Store.ReplaceAsync(name, LogSeals.Encode(seal with { Collected = end }), etag!, CancellationToken.None);
            }
        }

        return _known[name] >= end;
    }
}
