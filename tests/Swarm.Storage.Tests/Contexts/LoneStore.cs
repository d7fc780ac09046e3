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

    public LoneStore()
    {
        _agents = _world.Start("test");
        Blobs = new SimulatedBlobStore(_world, StoreFaults.None);
        Restart();
    }

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

    /// <summary>Ends the silo as SIGKILL does, and starts another one that knows nothing but the blobs.</summary>
    public void Restart()
    {
        Process?.Kill();
        Process = _world.Start("silo", isOrdered: true);
        Store = new ContextStore(
            Blobs,
            new ContextStoreOptions
            {
                CheckpointSegments = 4,
                MemoryTierBytes = 0,
                HousekeepingInterval = TimeSpan.FromMilliseconds(50),
                RotateSegments = 40,
            },
            _world.Time,
            NullLoggerFactory.Instance,
            ids: new SimulatedIds(_world),
            scheduler: Process);
    }
}
