using System.Globalization;
using Swarm.Core.Contexts;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>
/// The production code under a seeded scheduler, clock and store: silos that crash, pause and take each other's contexts
/// without asking. Promises 1 to 5 and 9.
/// </summary>
public sealed class ContextStoreSimulationTests
{
    private const int DefaultSeeds = 300;

    [Fact]
    public void Store_UnderFaults_KeepsItsPromises()
    {
        var first = Number("SWARM_SEED", 0);
        var count = Number("SWARM_SEEDS", first == 0 ? DefaultSeeds : 1);
        var (acknowledged, faults) = (0, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var (done, injected) = Explore(seed);
            acknowledged += done;
            faults += injected;
        }

        Assert.True(acknowledged > count * 10, $"only {acknowledged} acknowledgements: the simulation does nothing");
        Assert.True(count < 50 || faults > count, $"only {faults} faults: the simulation is too kind");
    }

    [Fact]
    public void Simulation_SameSeed_IsTheSameRun()
    {
        Assert.Equal(Explore(7), Explore(7));
    }

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value)
            ? value
            : fallback;

    private static (int Acknowledged, int Faults) Explore(int seed)
    {
        var world = new World(seed);
        var blobs = new SimulatedBlobStore(world, StoreFaults.Pick(world.Random));
        var silos = Enumerable.Range(0, 1 + world.Random.Next(3)).Select(index => new SimulatedSilo(world, blobs, index)).ToArray();
        foreach (var silo in silos)
        {
            silo.Start();
        }

        var agents = world.Start("agents");
        var contexts = Enumerable.Range(0, 1 + world.Random.Next(3)).Select(index =>
            (Spec: new ContextSpec("t", $"c{index}", SmallModel.Descriptor, SmallModel.BlockTokens),
                Oracle: new ContextOracle(world, $"c{index}"))).ToArray();
        var crashes = world.Random.Next(3) > 0;
        var faults = 0;
        world.RunUntil(agents.Run(async () =>
        {
            var lives = contexts.Select(context => DriveAsync(world, silos, context.Spec, context.Oracle)).ToArray();
            var chaos = crashes ? ChaosAsync(world, silos, Task.WhenAll(lives)) : Task.CompletedTask;
            await Task.WhenAll([.. lives, chaos]);
            faults = blobs.Injected;
            blobs.Faults = StoreFaults.None;
            foreach (var silo in silos)
            {
                silo.Kill();
                silo.Start();
            }

            await Task.Delay(TimeSpan.FromSeconds(5), world.Time); // Late requests have come by then.
            foreach (var (spec, oracle) in contexts)
            {
                await FinishAsync(world, silos[0], spec, oracle);
            }
        }));
        return (contexts.Sum(context => context.Oracle.Acknowledged), faults);
    }

    private static async Task DriveAsync(World world, SimulatedSilo[] silos, ContextSpec spec, ContextOracle oracle)
    {
        var home = world.Random.Next(silos.Length);
        SimulatedSilo Pick() => world.Random.Next(8) == 0
            ? silos[world.Random.Next(silos.Length)]
            : silos[home];

        var lives = new List<Task<bool>>();
        for (var agent = 0; agent < 5; agent++)
        {
            lives.Add(new SimulatedAgent(world, Pick, spec, oracle, $"a{agent}").LiveAsync(4 + world.Random.Next(20)));
            await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(3000)), world.Time);
            home = world.Random.Next(3) == 0 ? world.Random.Next(silos.Length) : home;
        }

        await Task.WhenAll(lives);
    }

    private static async Task ChaosAsync(World world, SimulatedSilo[] silos, Task done)
    {
        while (!done.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(200, 3000)), world.Time);
            var silo = silos[world.Random.Next(silos.Length)];
            if (world.Random.Next(2) == 0)
            {
                silo.Kill();
                silo.Start();
            }
            else
            {
                // A zombie: its successor is at work when it wakes up.
                var zombie = silo.Process;
                zombie.IsPaused = true;
                if (world.Random.Next(2) == 0)
                {
                    silo.Start();
                }

                await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(100, 2500)), world.Time);
                zombie.IsPaused = false;
            }
        }
    }

    private static async Task FinishAsync(World world, SimulatedSilo silo, ContextSpec spec, ContextOracle oracle)
    {
        var agent = new SimulatedAgent(world, () => silo, spec, oracle, "final");
        var (epoch, tokens, kv) = await agent.CheckAsync(await agent.OpenAsync());
        oracle.Final(epoch, tokens, kv);
        oracle.Require(await agent.AcquireAsync(), "nobody can acquire it any more");
        oracle.Require(await agent.AppendAsync(3), "nobody can append to it any more");
    }
}
