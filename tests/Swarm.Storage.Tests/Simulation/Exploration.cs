using Swarm.Core.Contexts;
using Swarm.Format.Objects;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>One seeded run: silos that crash, pause and take contexts from each other, agents that append, rewind, release and fork.</summary>
internal sealed partial class Exploration
{
    private const int FollowersPerSeeds = 5;

    private readonly World _world;
    private readonly TokenBook _book = new();
    private readonly SimulatedBlobStore _blobs;
    private readonly StoreChecker _checker;
    private readonly SimulatedSilo[] _silos;
    private readonly List<(ContextSpec Spec, ContextOracle Oracle)> _contexts = [];
    private readonly ExplorationLimits _limits;
    private readonly Dictionary<ContextSpec, SimulatedFollower> _followers = [];
    private bool _collects;
    private bool _follows;
    private int _named;

    private Exploration(int seed, ProtocolRules rules, bool hasCoarseETags, ExplorationLimits limits)
    {
        _limits = limits;
        _world = new World(seed);
        _blobs = new SimulatedBlobStore(_world, limits.Of(StoreFaults.Pick(_world.Random))) { HasCoarseETags = hasCoarseETags };
        _checker = new StoreChecker(_world, _blobs);
        _silos = [.. Enumerable.Range(0, Math.Min(limits.Silos, 1 + _world.Random.Next(3))).Select(index => new SimulatedSilo(_world, _blobs, index, rules))];
        var isPolite = _world.Random.Next(2) == 0;
        var errors = _world.Random.Next(2) == 0 ? 0 : 0.2;
        foreach (var silo in _silos)
        {
            silo.Liveness = isPolite ? new SimulatedLiveness(_world, () => _silos.Where(other => other != silo), errors) : null;
            silo.Start();
        }
    }

    /// <summary>Runs a seed to its end.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="rules">Rules in force.</param>
    /// <param name="hasCoarseETags">Whether the store's ETags repeat.</param>
    /// <param name="limits">The most that it may do; not limited by default.</param>
    /// <returns>What happened.</returns>
    /// <exception cref="InvalidOperationException">A promise was broken; the message has the seed.</exception>
    public static ExplorationCounts Run(
        int seed, ProtocolRules rules, bool hasCoarseETags = false, ExplorationLimits? limits = null) =>
        new Exploration(seed, rules, hasCoarseETags, limits ?? ExplorationLimits.None).Run();

    private ExplorationCounts Run()
    {
        var count = Math.Min(_limits.Contexts, 1 + _world.Random.Next(3));
        for (var index = 0; index < count; index++)
        {
            Add($"c{index}");
        }

        var crashes = _world.Random.Next(3) > 0 && _limits.Crashes > 0;
        _collects = _world.Random.Next(3) == 0 && _limits.Collections > 0;
        _follows = new Random(_world.Seed).Next(FollowersPerSeeds) == 0 && _limits.Followers > 0; // Of its own: all else goes as it does without.
        var faults = 0;
        _world.RunUntil(_world.Start("agents").Run(async () =>
        {
            var lives = _contexts.ToArray().Select(context => DriveAsync(context.Spec, context.Oracle)).ToArray();
            var done = Task.WhenAll(lives);
            var chaos = crashes ? ChaosAsync(done) : Task.CompletedTask;
            var collections = _collects ? CollectAsync(done) : Task.CompletedTask;
            await Task.WhenAll(done, chaos, collections);
            faults = _blobs.Injected;
            await FinishAsync();
        }));
        return new ExplorationCounts(
            _contexts.Sum(context => context.Oracle.Acknowledged),
            faults,
            _checker.Deleted,
            _checker.Chunks,
            _checker.Indexes,
            _checker.Roots,
            _contexts.Count - count,
            _silos.Sum(silo => silo.LostWriters),
            _told,
            _contexts.Sum(context => context.Oracle.TakeOvers));
    }

    private (ContextSpec Spec, ContextOracle Oracle) Add(string name)
    {
        _named++;
        _contexts.Add((
            new ContextSpec("t", name, SmallModel.Descriptor, SmallModel.BlockTokens),
            new ContextOracle(_world, name, _book)));
        return _contexts[^1];
    }

    private async Task DriveAsync(ContextSpec spec, ContextOracle oracle)
    {
        var home = _world.Random.Next(_silos.Length);
        SimulatedSilo Pick() => _world.Random.Next(8) == 0
            ? _silos[_world.Random.Next(_silos.Length)]
            : _silos[home];

        if (_follows)
        {
            _followers[spec] = new SimulatedFollower(_world, Pick, spec, oracle);
        }

        var standby = _followers.GetValueOrDefault(spec);
        using var stop = new CancellationTokenSource();
        var following = standby?.FollowAsync(stop.Token) ?? Task.CompletedTask;
        var lives = new List<Task>();
        for (var agent = Math.Max(_world.Random.Next(4), 5 - _limits.Agents); agent < 5; agent++)
        {
            lives.Add(new SimulatedAgent(_world, Pick, spec, oracle, $"a{agent}") { Standby = standby }
                .LiveAsync(Math.Min(_limits.Operations, 4 + _world.Random.Next(20))));
            await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(3000)), _world.Time);
            home = _world.Random.Next(3) == 0 ? _world.Random.Next(_silos.Length) : home;
            if (_world.Random.Next(_collects ? 3 : 8) == 0 && _contexts.Count < 5 && _limits.Forks > 0) // What is shared, and collected, is what goes wrong.
            {
                lives.Add(ForkAsync(Pick, spec, oracle));
            }
        }

        await Task.WhenAll(lives);
        stop.Cancel();
        await following;
    }

    private async Task ForkAsync(Func<SimulatedSilo> pick, ContextSpec spec, ContextOracle oracle)
    {
        var (childSpec, childOracle) = Add($"{spec.Name}.{_named}"); // A name of its own: a fork that was given up may come all the same.
        if (_world.Random.Next(2) == 0)
        {
            _ = StallAsync(pick().Process);
        }

        var chance = new Random(_world.Seed + _named);
        var isHeld = _collects && chance.Next(2) == 0 && _limits.HeldReads > 0;
        if (isHeld)
        {
            HoldRead(spec, chance);
        }

        if (await new SimulatedAgent(_world, pick, spec, oracle, "forker").ForkAsync(childSpec.Name, childOracle, isHeld))
        {
            await new SimulatedAgent(_world, pick, childSpec, childOracle, "child").LiveAsync(2 + _world.Random.Next(8));
        }
        else
        {
            _contexts.RemoveAll(context => context.Oracle == childOracle);
        }
    }

    /// <summary>One of the next reads of a page of a context stands still, after its root was read, while others write that root and several rounds collect.</summary>
    private void HoldRead(ContextSpec spec, Random chance)
    {
        var skip = chance.Next(4);
        var rounds = chance.Next(1, 5); // One that meets the fork ends; the next one gives it up; the one after that deletes.
        var pages = $"{BlobNames.PagesPrefix}{spec.Id.Tenant}/{spec.Id.Context}/";
        _blobs.BeforeRead = async name =>
        {
            if (name.StartsWith(pages, StringComparison.Ordinal) && skip-- == 0)
            {
                _blobs.BeforeRead = null;
                while (rounds-- > 0)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(1500)), _world.Time);
                    _ = _silos[chance.Next(_silos.Length)].Store.CollectAsync(default);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(1500)), _world.Time);
            }
        };
    }

    /// <summary>A silo stands still for a while somewhere in its work, and the others go on and collect.</summary>
    private async Task StallAsync(SimulatedProcess process)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(60)), _world.Time);
        process.IsPaused = true;
        await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(2500)), _world.Time);
        process.IsPaused = false;
    }

    private async Task CollectAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(300)), _world.Time);
            _ = _silos[_world.Random.Next(_silos.Length)].Store.CollectAsync(default);
        }
    }

    private async Task ChaosAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(200, 3000)), _world.Time);
            var silo = _silos[_world.Random.Next(_silos.Length)];
            if (_world.Random.Next(2) == 0)
            {
                silo.Kill();
                silo.Start();
            }
            else
            {
                // A zombie: its successor is at work when it wakes up.
                var zombie = silo.Process;
                zombie.IsPaused = true;
                if (_world.Random.Next(2) == 0)
                {
                    silo.Start();
                }

                await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(100, 2500)), _world.Time);
                zombie.IsPaused = false;
            }
        }
    }

    /// <summary>Everything is well again: all that was acknowledged is there, after a collection too, and goes on.</summary>
    private async Task FinishAsync()
    {
        _blobs.Faults = StoreFaults.None;
        foreach (var silo in _silos)
        {
            silo.KillAll();
            silo.Liveness = null;
            silo.Start();
        }

        await Task.Delay(TimeSpan.FromSeconds(5), _world.Time); // Late requests have come by then.
        var chance = new Random(_world.Seed); // Of its own: all else goes as it does without losses.
        var lost = chance.Next(LossesPerSeeds) == 0 && _limits.Losses > 0 ? LostObject.Take(_blobs, chance) : null;
        _checker.Lost = lost?.Name;
        if (_world.Random.Next(2) == 0)
        {
            await _silos[0].Store.CollectAsync(default);
        }

        if (lost is not null)
        {
            await FinishAfterLossAsync(lost);
            return;
        }

        foreach (var (spec, oracle) in _contexts)
        {
            var agent = new SimulatedAgent(_world, () => _silos[0], spec, oracle, "final") { Standby = _followers.GetValueOrDefault(spec) };
            var (epoch, tokens, kv) = await agent.CheckInTheEndAsync();
            oracle.Final(epoch, tokens, kv);
            oracle.Require(await agent.AcquireAsync(), "nobody can acquire it any more");
            oracle.Require(await agent.AppendAsync(3), "nobody can append to it any more");
        }
    }
}
