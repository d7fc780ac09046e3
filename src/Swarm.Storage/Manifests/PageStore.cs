using System.Buffers;
using Swarm.Core.Blocks;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;
using Swarm.Storage.Scheduling;

namespace Swarm.Storage.Manifests;

/// <summary>Writes and reads the immutable pages of manifests.</summary>
internal sealed class PageStore(IBlobStore store, RetryingReader reader, TimeProvider time, IIdSource ids, StorageMetrics? metrics = null)
{
    private const int MaxPageBytes = 64 << 20;

    /// <summary>Writes extents as a page.</summary>
    public Task<PageRef> WriteExtentsAsync(ContextId context, Id128 incarnationId, IReadOnlyList<KvExtent> extents) => WriteAsync(
        context,
        ObjectKind.ExtentPage,
        incarnationId,
        extents[0].FirstPosition,
        extents[^1].EndPosition,
        extents.Count,
        ManifestCodec.EncodeExtents(extents));

    /// <summary>Writes inputs as a page that counts from a position on.</summary>
    public Task<PageRef> WriteInputsAsync(
        ContextId context, Id128 incarnationId, long firstPosition, BlockHash startHash, IReadOnlyList<InputRun> runs) => WriteAsync(
            context,
            ObjectKind.InputPage,
            incarnationId,
            firstPosition,
            runs[^1].FirstPosition + runs[^1].Tokens.Length,
            runs.Count,
            ManifestCodec.EncodeInputs(startHash, runs));

    /// <summary>Writes states as a page.</summary>
    public Task<PageRef> WriteStatesAsync(ContextId context, Id128 incarnationId, IReadOnlyList<NamedState> states) =>
        WriteAsync(
            context, ObjectKind.StatePage, incarnationId, 0, 0, states.Count, ManifestCodec.EncodeStates(states));

    /// <summary>Reads a page of extents.</summary>
    /// <exception cref="CorruptObjectException">It is damaged or missing; the message names it.</exception>
    public async Task<IReadOnlyList<KvExtent>> ReadExtentsAsync(ContextId context, PageRef page)
    {
        var extents = await ReadAsync(
            context, page, ObjectKind.ExtentPage, content => ManifestCodec.DecodeExtents(content));
        return page.Context is { } owner ? [.. extents.Select(extent => Of(owner, extent))] : extents;
    }

    /// <summary>Reads a page of inputs.</summary>
    /// <exception cref="CorruptObjectException">It is damaged or missing; the message names it.</exception>
    public Task<(BlockHash StartHash, IReadOnlyList<InputRun> Runs)> ReadInputsAsync(ContextId context, PageRef page) =>
        ReadAsync(context, page, ObjectKind.InputPage, content => ManifestCodec.DecodeInputs(content));

    /// <summary>Reads a page of states.</summary>
    /// <exception cref="CorruptObjectException">It is damaged or missing; the message names it.</exception>
    public Task<IReadOnlyList<NamedState>> ReadStatesAsync(ContextId context, PageRef page) =>
        ReadAsync(context, page, ObjectKind.StatePage, content => ManifestCodec.DecodeStates(content));

    private async Task<PageRef> WriteAsync(
        ContextId context, ObjectKind kind, Id128 incarnationId, long first, long end, int items, byte[] content)
    {
        var page = new PageRef(
            kind, incarnationId, ids.Next(), first, end, items, content.Length, ManifestCodec.Checksum(content));
        var name = BlobNames.Page(context, incarnationId, page.PageId);

        // Refused: the id is fresh, so it is this page, written by a try whose answer was lost.
        await time.RetryAsync(() => store.CreateAsync(name, new ReadOnlySequence<byte>(content), CancellationToken.None), metrics);
        return page;
    }

    private async Task<T> ReadAsync<T>(ContextId context, PageRef page, ObjectKind kind, PageDecoder<T> decode)
    {
        var name = BlobNames.Page(context, page);
        if (page.Kind != kind || page.Length > MaxPageBytes)
        {
            throw new CorruptObjectException($"{name}: a {page.Kind} of {page.Length} bytes is not a {kind}.");
        }

        var (content, _) = await reader.ReadWholeAsync(name, page.Length, page.Length);
        if (content is null)
        {
            throw new CorruptObjectException($"{name} is missing.");
        }

        try
        {
            return ManifestCodec.Checksum(content) == page.Checksum
                ? decode(content)
                : throw new CorruptObjectException("its checksum is not that of its reference");
        }
        catch (CorruptObjectException error)
        {
            throw new CorruptObjectException($"{name}: {error.Message}", error.IsUnsupported);
        }
    }

    /// <summary>An extent of another context's page, as a reference from outside of that context.</summary>
    private static KvExtent Of(ContextId owner, KvExtent extent) =>
        extent.Payload.Object is { Kind: ObjectKind.Chunk, Context: null } chunk
            ? extent with { Payload = extent.Payload with { Object = chunk with { Context = owner } } }
            : extent;

    private delegate T PageDecoder<T>(ReadOnlySpan<byte> content);
}
