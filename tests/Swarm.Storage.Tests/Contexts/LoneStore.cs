using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Core.Contexts;
using Swarm.Storage.Tests.Simulation;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>One silo's storage at a time over blobs that stay, in simulated time.</summary>
internal sealed class LoneStore
{
    private readonly World _world = new(1);
    private readonly SimulatedProcess _agents;

    private readonly int _checkpointSegments;
    private readonly int _compactionRuns;
    private readonly long _memoryTierBytes;
    private readonly int _largeRecordBytes;

    /// <summary>Starts one.</summary>
    /// <param name="checkpointSegments">Segments by which a root may lag, and a tenth of those that a log has before the next one.</param>
    /// <param name="compactionRuns">Runs of KV that are merged.</param>
    /// <param name="memoryTierBytes">Bytes of its memory tier.</param>
    /// <param name="largeRecordBytes">Runs of KV over it become chunks.</param>
    public LoneStore(
        int checkpointSegments = 4, int compactionRuns = 128, long memoryTierBytes = 0, int largeRecordBytes = 1 << 20)
    {
        _largeRecordBytes = largeRecordBytes;
        (_checkpointSegments, _compactionRuns, _memoryTierBytes) = (checkpointSegments, compactionRuns, memoryTierBytes);
        _agents = _world.Start("test");
        Blobs = new SimulatedBlobStore(_world, StoreFaults.None);
        Restart();
    }

    /// <summary>Segments of a log's index.</summary>
    public const int IndexSegments = 16;

    public static ContextSpec Spec { get; } = new("t", "c", SmallModel.Descriptor, SmallModel.BlockTokens);

    public SimulatedBlobStore Blobs { get; }

    public ContextStore Store { get; private set; } = null!;

    public TimeProvider Time => _world.Time;

    private SimulatedProcess Process { get; set; } = null!;

    /// <summary>Runs work to its end, in simulated time.</summary>
    public T Run<T>(Func<Task<T>> work)
    {
        var task = _agents.Run(work);
        _world.RunUntil(task, maxSteps: 20_000_000);
        return task.Result;
    }

    /// <summary>Lets what a killed silo had sent come to the store.</summary>
    public void Settle() => Run(async () =>
    {
        await Task.Delay(TimeSpan.FromSeconds(1), _world.Time);
        return true;
    });

    /// <summary>Ends the silo as SIGKILL does, and starts another one that knows nothing but the blobs.</summary>
    public void Restart()
    {
        Process?.Kill();
        Process = _world.Start("silo", isOrdered: true);
        Store = new ContextStore(
            Blobs,
            new ContextStoreOptions
            {
                CheckpointSegments = _checkpointSegments,
                SegmentsPerContext = 0,
                IndexSegments = IndexSegments,
                MemoryTierBytes = _memoryTierBytes,
                LargeRecordBytes = _largeRecordBytes,
                HousekeepingInterval = TimeSpan.FromMilliseconds(50),
                CompactionRuns = _compactionRuns,
                RotateSegments = 10 * _checkpointSegments,
            },
            _world.Time,
            NullLoggerFactory.Instance,
            ids: new SimulatedIds(_world),
            scheduler: Process,
            meters: InertMeters.Instance);
    }
}
