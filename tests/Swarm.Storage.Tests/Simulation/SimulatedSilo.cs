using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>A silo's storage as a process that can be killed, paused and replaced.</summary>
internal sealed class SimulatedSilo(World world, SimulatedBlobStore blobs, int index)
{
    private int _starts;

    public SimulatedProcess Process { get; private set; } = null!;

    public ContextStore Store { get; private set; } = null!;

    public void Start()
    {
        var name = $"silo {index}.{_starts++}";
        Process = world.Start(name);
        Trace.Write(world, name, "starts");
        var options = new ContextStoreOptions
        {
            FlushInterval = TimeSpan.FromMilliseconds(5 + world.Random.Next(30)),
            LargeRecordBytes = world.Random.Next(2) == 0 ? 4096 : 1 << 20,
            CheckpointSegments = 1 + world.Random.Next(20),
            HousekeepingInterval = TimeSpan.FromMilliseconds(100 + world.Random.Next(900)),
            MemoryTierBytes = world.Random.Next(2) == 0 ? 0 : 1 << 20,
        };
        Store = new ContextStore(
            blobs,
            options,
            world.Time,
            new Trace(world, () => name),
            ids: new SimulatedIds(world),
            scheduler: Process);
    }

    public void Kill() => Process.Kill();
}
