using Swarm.Core.Identity;
using Swarm.Storage.Scheduling;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>Seeded ids.</summary>
internal sealed class SimulatedIds(World world) : IIdSource
{
    public Id128 Next() => new((ulong)world.Random.NextInt64(), (ulong)world.Random.NextInt64());

    public Id128 NextWriter() => Next();
}
