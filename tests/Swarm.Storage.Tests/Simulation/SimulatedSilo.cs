using Swarm.Storage.Log;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>A silo's storage as a process that can be killed, paused and replaced.</summary>
internal sealed class SimulatedSilo(World world, SimulatedBlobStore blobs, int index, ProtocolRules rules)
{
    private readonly List<SimulatedProcess> _all = [];

    public SimulatedProcess Process { get; private set; } = null!;

    public ContextStore Store { get; private set; } = null!;

    /// <summary>Logs that it lost in all its lives: somebody sealed them.</summary>
    public int LostWriters { get; private set; }

    /// <summary>What it knows of others from its next start on; none: it takes every other writer for gone.</summary>
    public IWriterLiveness? Liveness { get; set; }

    public void Start()
    {
        var name = $"silo {index}.{_all.Count}";
        Process = world.Start(name, isOrdered: world.Random.Next(2) == 0);
        _all.Add(Process);
        Trace.Write(world, name, "starts");
        var options = new ContextStoreOptions
        {
            FlushInterval = TimeSpan.FromMilliseconds(5 + world.Random.Next(30)),
            LargeRecordBytes = world.Random.Next(2) == 0 ? 200 : 1 << 20, // A run of 64 positions has some 2,200 bytes.
            CheckpointSegments = 1 + world.Random.Next(20),
            HousekeepingInterval = TimeSpan.FromMilliseconds(100 + world.Random.Next(900)),
            IndexSegments = 1 + world.Random.Next(6),
            SegmentsPerContext = world.Random.Next(2) == 0 ? 1 : 30,
            TailRecords = world.Random.Next(2) == 0 ? 10 : 500_000,
            PageBlocks = world.Random.Next(2) == 0 ? 1 + world.Random.Next(3) : 1024,
            PageExtents = world.Random.Next(2) == 0 ? 2 + world.Random.Next(6) : 1024,
            MemoryTierBytes = world.Random.Next(2) == 0 ? 0 : 1 << 20,
            RotateSegments = world.Random.Next(2) == 0 ? 16 : 1000,
            CompactionRuns = world.Random.Next(2) == 0 ? 2 + world.Random.Next(6) : 1024,
            CollectionInterval = TimeSpan.FromMilliseconds(world.Random.Next(2) == 0 ? 100 + world.Random.Next(1500) : 80_000_000),
        };
        Store = new ContextStore(
            blobs,
            options,
            world.Time,
            new Trace(world, () => name, warning => LostWriters += warning == $"Storage.{nameof(StorageLog.WriterFenced)}" ? 1 : 0),
            Liveness,
            new SimulatedIds(world),
            Process,
            rules,
            InertMeters.Instance);
    }

    public void Kill() => Process.Kill();

    /// <summary>Kills the zombies of earlier starts too.</summary>
    public void KillAll() => _all.ForEach(process => process.Kill());
}
