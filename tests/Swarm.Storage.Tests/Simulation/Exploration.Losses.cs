using Swarm.Core.Contexts;
using Swarm.Format.Objects;

namespace Swarm.Storage.Tests.Simulation;

/// <content>An object that is lost while no silo runs: that is noticed and named, and nothing that is left is lost as well.</content>
internal sealed partial class Exploration
{
    private const int LossesPerSeeds = 4;
    private int _told;

    private async Task FinishAfterLossAsync(LostObject lost)
    {
        Trace.Write(_world, "store", $"{lost.Name} is lost, knowable: {lost.IsKnowable}, behind it {lost.Behind.Count}, concerned: {string.Join(' ', lost.Concerned)}");
        var told = new List<(SimulatedAgent Agent, ContextOracle Oracle, ContextLoss Loss)>();
        foreach (var (spec, oracle) in _contexts)
        {
            var agent = new SimulatedAgent(_world, () => _silos[0], spec, oracle, "final") { MayFindDamage = true };
            if (await LossOfAsync(agent, oracle, spec, lost) is { } loss)
            {
                told.Add((agent, oracle, loss));
                _told++;
            }
        }

        await _silos[0].Store.CollectAsync(default);
        await _silos[0].Store.CollectAsync(default);
        foreach (var (_, oracle, loss) in told)
        {
            oracle.Require(
                _blobs.Objects.ContainsKey(BlobNames.Damage(loss.Writer, loss.Sequence)), $"the loss of {lost.Name} is not noted in the store");
            var gone = lost.Behind.FirstOrDefault(name => !_blobs.Objects.ContainsKey(name));
            oracle.Require(gone is null, $"{gone} lay behind {lost.Name}, which is lost, and was collected");
        }

        _silos[0].KillAll();
        _silos[0].Start();
        foreach (var (agent, oracle, loss) in told)
        {
            oracle.Require((await agent.OpenAsync()).Status.Loss == loss, "its loss is forgotten");
        }
    }

    /// <summary>Opens a context after a loss, checks it, and goes on with it.</summary>
    /// <returns>What it says that it lost.</returns>
    private async Task<ContextLoss?> LossOfAsync(SimulatedAgent agent, ContextOracle oracle, ContextSpec spec, LostObject lost)
    {
        (ulong Epoch, int[] Tokens, long Kv) found;
        try
        {
            found = await agent.CheckInTheEndAsync();
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.Corrupt)
        {
            oracle.Require(refused.Message.Contains(lost.Name, StringComparison.Ordinal), $"{lost.Name} is lost; it says: {refused.Message}");
            return null;
        }

        var loss = (await agent.OpenAsync()).Status.Loss;
        var isConcerned = lost.Concerned.Contains(spec.Id);
        oracle.Require(loss is null || isConcerned, $"it says that it lost something; it did not need {lost.Name}: {loss}");
        if (loss is null && (lost.IsKnowable || !isConcerned))
        {
            oracle.Final(found.Epoch, found.Tokens, isConcerned ? long.MaxValue : found.Kv);
        }

        // What follows builds on what is left.
        var rest = new ContextOracle(_world, spec.Name, _book) { MayLose = true };
        rest.Forked(found.Epoch, found.Tokens);
        var next = new SimulatedAgent(_world, () => _silos[0], spec, rest, "next")
        {
            MayFindDamage = true,
            Standby = _followers.GetValueOrDefault(spec),
        };
        rest.Require(await next.AcquireAsync(), "nobody can acquire it any more");
        rest.Require(await next.AppendAsync(3), "nobody can append to it any more");
        return loss;
    }
}
