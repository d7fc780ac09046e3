using Microsoft.Extensions.Logging;
using Swarm.Storage.Blobs;
using Swarm.Storage.Log;
using Swarm.Storage.Manifests;
using Swarm.Storage.Prefixes;
using Swarm.Storage.Scheduling;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Hosting;

/// <summary>What the contexts of one store share.</summary>
internal sealed record ContextServices(
    IBlobStore Store,
    ContextStoreOptions Options,
    TimeProvider Time,
    IIdSource Ids,
    ILogger Logger,
    StorageMetrics Metrics,
    StoreLoop Loop,
    RetryingReader Reader,
    SegmentReader Segments,
    LogReader Logs,
    LogDamages Damages,
    RootStore Roots,
    PageStore Pages,
    MemoryTier Memory,
    KvFetcher Kv,
    PrefixIndex Prefixes,
    ContextNames Names,
    ProtocolRules Rules,
    Func<Task> ConfirmStoreAsync);
