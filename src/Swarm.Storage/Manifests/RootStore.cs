using System.Buffers;
using Microsoft.Extensions.Logging;
using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Storage.Blobs;

namespace Swarm.Storage.Manifests;

/// <summary>Reads and conditionally writes context roots (protocol, rule 11).</summary>
/// <param name="store">Where they are.</param>
/// <param name="reader">Reads it.</param>
/// <param name="time">Clock of repeated tries.</param>
/// <param name="logger">Where failed tries are told.</param>
/// <param name="metrics">Counts them.</param>
/// <param name="confirmStore">
/// Throws where the store is not the one that it was. Without a root a context is no more, which may be said of the same store alone; and
/// a root that was set back may be all that is left of a context: what it would be replaced by names pages that are gone.
/// </param>
internal sealed class RootStore(
    IBlobStore store, RetryingReader reader, TimeProvider time, ILogger logger, StorageMetrics? metrics = null, Func<Task>? confirmStore = null)
{
    private const int Tries = 4;

    /// <summary>Reads a root.</summary>
    /// <returns>The root with its ETag, or <see langword="null"/> when there is no such context.</returns>
    /// <exception cref="CorruptObjectException">It is damaged; the message names it.</exception>
    public async Task<(ContextRoot Root, string ETag)?> ReadAsync(ContextId context)
    {
        var name = BlobNames.Root(context);
        var (content, etag) = await reader.ReadWholeAsync(name, ContextRoot.MaxBytes, ContextRoot.MaxBytes);
        if (content is null)
        {
            await ConfirmAsync();
            return null;
        }

        try
        {
            var root = ManifestCodec.DecodeRoot(content);
            return ContextId.FromNames(root.Tenant, root.Name) == context
                ? (root, etag!)
                : throw new CorruptObjectException($"it says that it is {root.Tenant}/{root.Name}");
        }
        catch (CorruptObjectException error)
        {
            throw new CorruptObjectException($"{name}: {error.Message}", error.IsUnsupported);
        }
    }

    /// <summary>Creates a root.</summary>
    /// <param name="context">The context.</param>
    /// <param name="root">The root.</param>
    /// <param name="known">What pages are looked for beside: those that it names are not. None: no page is.</param>
    /// <returns>Whether this call made it.</returns>
    public async Task<bool> CreateAsync(ContextId context, ContextRoot root, ContextRoot? known = null)
    {
        var content = new ReadOnlySequence<byte>(ManifestCodec.EncodeRoot(root));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (attempt > 1)
                {
                    await ConfirmAsync(); // It was out of reach: perhaps another one came back.
                }

                if (await IsIncompleteAsync(context, root, known, []))
                {
                    return false;
                }

                var write = await store.CreateAsync(BlobNames.Root(context), content, CancellationToken.None);
                if (!write.IsRefused)
                {
                    return true;
                }

                return await ReadAsync(context) is { } found && found.Root.Nonce == root.Nonce;
            }
            catch (BlobStoreException fault) when (fault.IsTransient && attempt < Tries)
            {
                metrics?.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), time);
            }
        }
    }

    /// <summary>Replaces a root, and finds out what became of it.</summary>
    /// <param name="context">The context.</param>
    /// <param name="root">The new root, with a fresh nonce.</param>
    /// <param name="expected">ETag of the root that it replaces.</param>
    /// <param name="incarnationId">The incarnation that is writing; default while it is not known to storage yet.</param>
    /// <param name="known">A root that was read or written before: pages that it names are not looked for. None: no page is.</param>
    /// <param name="chunks">Names of chunks that were written since, which are looked for as well.</param>
    /// <returns>What became of it. A fault is no exception here: the write may have taken effect, and that must be told.</returns>
    public async Task<RootWrite> ReplaceAsync(
        ContextId context, ContextRoot root, string expected, Id128 incarnationId, ContextRoot? known = null, IReadOnlyCollection<string>? chunks = null)
    {
        var name = BlobNames.Root(context);
        var content = new ReadOnlySequence<byte>(ManifestCodec.EncodeRoot(root));
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            try
            {
                await ConfirmAsync();
                if (await IsIncompleteAsync(context, root, known, chunks ?? []))
                {
                    return await LookAsync(context, root, incarnationId);
                }

                var write = await store.ReplaceAsync(name, content, expected, CancellationToken.None);
                return write.IsRefused
                    ? await LookAsync(context, root, incarnationId)
                    : new RootWrite(RootOutcome.Written, write.ETag!);
            }
            catch (Exception fault) when (fault is BlobStoreException or CorruptObjectException)
            {
                StorageLog.NotePutFailed(logger, name, attempt, fault.Message);
                if (fault is not BlobStoreException { IsTransient: true })
                {
                    break;
                }

                metrics?.Retries.Add(1);
                await Task.Delay(Backoff.After(attempt), time);
            }
        }

        return new RootWrite(RootOutcome.Unknown, expected);
    }

    /// <summary>
    /// Looks for new pages and chunks: a store that was set back since they were written has lost them, and the root that is there now is
    /// good.
    /// </summary>
    private async Task<bool> IsIncompleteAsync(ContextId context, ContextRoot root, ContextRoot? known, IReadOnlyCollection<string> chunks)
    {
        if (known is null)
        {
            return false;
        }

        string[] names = [.. PagesOf(root).Except(PagesOf(known)).Select(page => BlobNames.Page(context, page)), .. chunks];
        if (await FindMissingAsync(names) is not { } missing)
        {
            return false;
        }

        StorageLog.RootNotReplaced(logger, BlobNames.Root(context), missing);
        return true;
    }

    /// <summary>All of them at once: what was seen before the store was out of reach says nothing about the one that came back.</summary>
    private async Task<string?> FindMissingAsync(string[] names)
    {
        for (var attempt = 1; attempt <= Tries; attempt++)
        {
            var own = new RetryingReader(store, time, metrics);
            var found = await Task.WhenAll(names.Select(name => own.ReadAsync(name, 0, Memory<byte>.Empty)));
            if (names.Where((_, index) => found[index].IsMissing).FirstOrDefault() is { } missing)
            {
                return missing;
            }

            if (own.Faults == 0)
            {
                return null;
            }
        }

        throw new BlobStoreException($"Reads of {names.Length} pages and chunks keep failing: not one of {Tries} rounds was without a fault.", isTransient: true);
    }

    private static IEnumerable<PageRef> PagesOf(ContextRoot root) =>
        root.ExtentPages.Concat(root.InputPages).Concat(root.StatePage is { } state ? [state] : []);

    private Task ConfirmAsync() => confirmStore?.Invoke() ?? Task.CompletedTask;

    private async Task<RootWrite> LookAsync(ContextId context, ContextRoot root, Id128 incarnationId)
    {
        if (await ReadAsync(context) is not { } found)
        {
            return new RootWrite(RootOutcome.Lost, "");
        }

        if (found.Root.Nonce == root.Nonce)
        {
            return new RootWrite(RootOutcome.Written, found.ETag);
        }

        return !incarnationId.IsDefault && found.Root.IncarnationId == incarnationId
            ? new RootWrite(RootOutcome.Again, found.ETag)
            : new RootWrite(RootOutcome.Lost, found.ETag);
    }
}
