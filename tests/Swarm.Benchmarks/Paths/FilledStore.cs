using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Format.Frames;
using Swarm.Storage;
using Swarm.Storage.Blobs;
using Swarm.Storage.Files;

namespace Swarm.Benchmarks.Paths;

/// <summary>A silo's store in this process, with contexts of synthetic KV.</summary>
internal sealed class FilledStore : IAsyncDisposable
{
    /// <summary>Tenant of all contexts.</summary>
    public const string Tenant = "bench";

    /// <summary>Positions of a record.</summary>
    public const int RunPositions = 64;

    private readonly IBlobStore _blobs;
    private readonly KvMemory _source;
    private int _contexts;

    /// <summary>Opens one.</summary>
    /// <param name="blobs">Its blobs; disposed with it, where that is possible.</param>
    /// <param name="source">KV that every context has.</param>
    /// <param name="model">Its model.</param>
    /// <param name="memoryTierBytes">Capacity of the memory tier.</param>
    /// <param name="diskTier">Folder of the disk tier; <see langword="null"/> for none.</param>
    public FilledStore(IBlobStore blobs, KvMemory source, ModelDescriptor model, long memoryTierBytes, string? diskTier = null)
    {
        _blobs = blobs;
        (_source, Model) = (source, model);
        Store = new ContextStore(
            _blobs,
            new ContextStoreOptions { MemoryTierBytes = memoryTierBytes, DiskTierPath = diskTier, CompactionRuns = 1024 },
            TimeProvider.System,
            NullLoggerFactory.Instance);
    }

    /// <summary>Opens one over a folder.</summary>
    public static FilledStore OverFolder(string folder, KvMemory source, ModelDescriptor model, long memoryTierBytes) =>
        new(new FileBlobStore(folder), source, model, memoryTierBytes);

    /// <summary>The model.</summary>
    public ModelDescriptor Model { get; }

    /// <summary>The store.</summary>
    public ContextStore Store { get; }

    /// <summary>A model of a name and a geometry, for synthetic KV.</summary>
    public static ModelDescriptor Describe(string name, KvGeometry geometry) =>
        new(name, "{}", Digest256.Sha256("synthetic"u8), "bfloat16", geometry, "rope", "none", "");

    /// <summary>Makes a context, holds it, and appends the inputs of all positions.</summary>
    /// <param name="positions">Positions.</param>
    /// <returns>The context.</returns>
    public async Task<FilledContext> CreateAsync(int positions)
    {
        var spec = new ContextSpec(Tenant, $"c{_contexts++}", Model, PrefixHasher.DefaultBlockTokens);
        await Store.CreateAsync(spec, default);
        var context = (await Store.OpenAsync(spec.Id, default))!;
        var secret = SessionSecret.Create();
        var grant = await context.AcquireAsync(new AcquireRequest("a", secret.Hash, context.Status.Epoch), default);
        var proof = new SessionProof(grant.Epoch, secret.Hash);
        int[] tokens = [.. Enumerable.Range(0, positions)];
        var hasher = new PrefixHasher(await Store.GetTenantKeyAsync(Tenant, default), Model.ComputeFingerprint());
        var hashes = new BlockHash[positions / RunPositions];
        for (var run = 0; run < hashes.Length; run++)
        {
            var part = tokens.AsMemory(run * RunPositions, RunPositions);
            hasher.Append(part.Span);
            hashes[run] = hasher.Current();
            await context.AppendInputsAsync(proof, new InputRun(run * RunPositions, part, new[] { RunPositions }), [], default);
        }

        return new FilledContext(spec.Name, context, proof, secret, hashes);
    }

    /// <summary>Encodes one record out of the model's memory, and appends it: what an agent does.</summary>
    private async Task AppendAsync(FilledContext context, int run)
    {
        var first = run * RunPositions;
        var length = KvPayload.EncodedLength(Model.Geometry, first, RunPositions);
        using var buffer = MemoryPool<byte>.Shared.Rent(length);
        var frames = buffer.Memory[..length];
        KvPayload.Encode(Model.Geometry, first, RunPositions, _source.Read, frames.Span);
        await context.Open.AppendKvAsync(context.Proof, new KvAppend(first, RunPositions, context.Hashes[run], frames), default);
    }

    /// <summary>Appends the KV of all positions, a few records under way at a time, until all of it is durable.</summary>
    public async Task AppendAllAsync(FilledContext context)
    {
        const int window = 4;
        var under = new Queue<Task>();
        for (var run = 0; run < context.Hashes.Length; run++)
        {
            under.Enqueue(AppendAsync(context, run));
            if (under.Count == window)
            {
                await under.Dequeue();
            }
        }

        await Task.WhenAll(under);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        (_blobs as IDisposable)?.Dispose();
    }
}
