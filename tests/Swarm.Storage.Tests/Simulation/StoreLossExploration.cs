using Swarm.Core.Identity;
using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>One seeded run over a store that is emptied, replaced or set back under its silos while agents append.</summary>
/// <remarks>
/// What was acknowledged before may be gone with it. From then on nothing is acknowledged that is not there in the end, no context
/// that was left loses anything, a silo that knew the store says so, and tells nobody that a context is no more.
/// </remarks>
internal sealed class StoreLossExploration
{
    private static readonly TimeSpan _snapshotPause = TimeSpan.FromMilliseconds(150);
    private readonly World _world;
    private readonly SimulatedBlobStore _blobs;
    private readonly ProtocolRules _rules;
    private readonly SimulatedSilo[] _silos;
    private readonly List<LossyAgent> _agents = [];
    private readonly List<(DateTimeOffset At, Dictionary<string, (byte[] Content, string ETag)> Objects)> _snapshots = [];
    private readonly HashSet<ContextStore> _acknowledged = [];
    private readonly HashSet<ContextStore> _before = [];
    private bool _isLost;
    private Dictionary<string, (byte[] Content, string ETag)> _left = [];
    private bool _isOver;

    private StoreLossExploration(int seed, ProtocolRules rules)
    {
        _world = new World(seed);
        _rules = rules;
        _blobs = new SimulatedBlobStore(_world, StoreFaults.Pick(_world.Random));
        _silos = [.. Enumerable.Range(0, 1 + _world.Random.Next(3)).Select(index => new SimulatedSilo(_world, _blobs, index, rules))];
        foreach (var silo in _silos)
        {
            silo.Liveness = new SimulatedLiveness(_world, () => _silos.Where(other => other != silo), 0);
            silo.Start();
        }

        Loss = (StoreLoss)_world.Random.Next(4);
    }

    /// <summary>What became of the store.</summary>
    private StoreLoss Loss { get; }

    /// <summary>Runs a seed to its end.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="rules">Rules in force.</param>
    /// <returns>What was acknowledged before the loss, and silos that noticed it.</returns>
    /// <exception cref="InvalidOperationException">A promise was broken; the message has the seed.</exception>
    public static (int Acknowledged, int Noticed) Run(int seed, ProtocolRules rules) => new StoreLossExploration(seed, rules).Run();

    /// <summary>Whether the store is lost: what is told from now on can only have been looked up afterwards.</summary>
    public bool IsJudged => _isLost;

    /// <summary>Notes that a silo acknowledged something.</summary>
    public void Acknowledged(ContextStore silo) => _acknowledged.Add(silo);

    /// <summary>A silo says that a context is not there which its agent has had.</summary>
    public void SaidMissing(ContextStore silo, string context) => Require(
        Loss == StoreLoss.SetBack || !IsJudged || !_before.Contains(silo),
        $"after the store was {Loss}, a silo that knew it says that {context} is no more");

    public void Require(bool holds, string violation)
    {
        if (!holds)
        {
            Trace.Write(_world, "loss", $"VIOLATION: {violation}");
            throw new InvalidOperationException($"Seed {_world.Seed}, {Loss}: {violation}.");
        }
    }

    private (int Acknowledged, int Noticed) Run()
    {
        var (acknowledged, noticed) = (0, 0);
        _world.RunUntil(_world.Start("agents").Run(async () =>
        {
            var lives = new List<Task> { TakeSnapshotsAsync(), LoseAsync(), RestartAsync() };
            for (var index = 0; !_isOver && index < 8; index++)
            {
                var agent = new LossyAgent(_world, this, index, () => _silos[_world.Random.Next(_silos.Length)]);
                _agents.Add(agent);
                lives.Add(agent.LiveAsync(() => _isOver));
                await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(1200)), _world.Time);
            }

            await Task.WhenAll(lives);
            acknowledged = _before.Count;
            noticed = await AskSilosAsync();
            await FinishAsync();
        }));
        return (acknowledged, noticed);
    }

    private async Task TakeSnapshotsAsync()
    {
        while (!_isOver)
        {
            if (!_isLost)
            {
                _snapshots.Add((_world.Time.GetUtcNow(), new(_blobs.Objects)));
            }

            await Task.Delay(_snapshotPause * _world.Random.NextDouble(), _world.Time);
        }
    }

    private async Task LoseAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(300 + _world.Random.Next(4000)), _world.Time);
        var old = _snapshots[_world.Random.Next(_snapshots.Count)];
        var identity = ManifestCodec.EncodeStore(new StoreIdentity(new Id128(7, (ulong)_world.Seed), _world.Time.GetUtcNow()));
        var isOldStore = old.Objects.ContainsKey(BlobNames.Store);
        _left = Loss switch
        {
            StoreLoss.Emptied => [],
            StoreLoss.Replaced => new() { [BlobNames.Store] = (identity, "other") },
            StoreLoss.Cloned => new(old.Objects) { [BlobNames.Store] = (identity, "other") },
            _ => new(old.Objects),
        };

        // No store changes between two requests of one connection.
        _blobs.Cut();
        await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(2) == 0 ? 10 : _world.Random.Next(10, 800)), _world.Time);
        _before.UnionWith(_acknowledged);
        _blobs.Restore(_left);
        _blobs.Mend();
        _isLost = true;
        Trace.Write(_world, "loss", $"the store is {Loss}, as of {old.At:mm:ss.fff}, with an identity: {isOldStore}");
        await Task.Delay(TimeSpan.FromMilliseconds(500 + _world.Random.Next(2500)), _world.Time);
        _isOver = true;
    }

    /// <summary>Silos die, and start again over whatever is there: then it is the store that they know.</summary>
    private async Task RestartAsync()
    {
        while (!_isOver && _world.Random.Next(3) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_world.Random.Next(2500)), _world.Time);
            var silo = _silos[_world.Random.Next(_silos.Length)];
            silo.Kill();
            silo.Start();
        }
    }

    /// <summary>A silo that has acknowledged something in the store that is no more says so.</summary>
    private async Task<int> AskSilosAsync()
    {
        _blobs.Faults = StoreFaults.None;
        await Task.Delay(TimeSpan.FromSeconds(3), _world.Time);
        var noticed = 0;
        foreach (var silo in _silos.Where(silo => _before.Contains(silo.Store)))
        {
            try
            {
                await silo.Store.CheckStoreAsync(default);
            }
            catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.StoreReplaced)
            {
                Require(silo.Store.StoreReplaced is { Length: > 0 }, "a silo that refuses does not say why");
                noticed++;
                continue;
            }

            Require(Loss == StoreLoss.SetBack, "a silo did not notice");
        }

        return noticed;
    }

    private async Task FinishAsync()
    {
        foreach (var silo in _silos)
        {
            silo.KillAll();
        }

        await Task.Delay(TimeSpan.FromSeconds(3), _world.Time);
        var reference = new SimulatedBlobStore(_world, StoreFaults.None);
        reference.Restore(_left);
        var (was, now) = (new SimulatedSilo(_world, reference, 8, _rules), new SimulatedSilo(_world, _blobs, 9, _rules));
        was.Start();
        now.Start();
        if (_world.Random.Next(2) == 0)
        {
            await now.Store.CollectAsync(default);
        }

        foreach (var agent in _agents)
        {
            await agent.CheckAsync(was.Store, now.Store);
        }
    }
}
