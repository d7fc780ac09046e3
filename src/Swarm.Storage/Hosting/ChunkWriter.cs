using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Hosting;

/// <summary>Writes chunks of an open context. Runs on the store's loop.</summary>
internal static class ChunkWriter
{
    /// <summary>Creates a chunk, trying again as long as the incarnation lasts.</summary>
    /// <param name="services">What the store's contexts share.</param>
    /// <param name="context">The open context.</param>
    /// <param name="content">Payloads one behind the other.</param>
    /// <param name="isLogged">Whether a record in the log names it, so that it is looked for before that record is acknowledged.</param>
    /// <returns>The chunk, and the offset of <paramref name="content"/> in it.</returns>
    /// <exception cref="SwarmRefusedException">The store cannot be used, or the incarnation is over.</exception>
    public static async Task<(ObjectRef Object, long Offset)> WriteAsync(
        ContextServices services, ContextIncarnation context, ReadOnlyMemory<byte> content, bool isLogged = false)
    {
        var incarnationId = context.Root.IncarnationId;
        var chunk = services.Ids.Next();
        var name = BlobNames.Chunk(context.Id, incarnationId, chunk);
        var bytes = ChunkCodec.Encode(content, out var offset);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Refused: the id is fresh, so it is this chunk, written by a try whose answer was lost.
                await services.Store.CreateAsync(name, bytes, CancellationToken.None);
                if (!isLogged)
                {
                    context.UnprovenChunks = context.UnprovenChunks.Add(name);
                }

                return (ObjectRef.Chunk(incarnationId, chunk), offset);
            }
            catch (BlobStoreException fault) when (fault.IsTransient && !context.IsEnding && !context.Writer.IsDead)
            {
                StorageLog.NotePutFailed(services.Logger, name, attempt, fault.Message);
                services.Metrics.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), services.Time);
            }
            catch (BlobStoreException fault)
            {
                throw Refusals.StoreUnavailable(fault.Message);
            }
        }
    }
}
