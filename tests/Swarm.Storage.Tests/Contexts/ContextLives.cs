using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage.Tests.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>Contexts that come, stream, rewind, are read and compared, fork and go.</summary>
internal static class ContextLives
{
    private const int ForkTries = 5;

    private const int StepTokens = 8;

    /// <summary>One life after the other.</summary>
    /// <param name="store">Where.</param>
    /// <param name="worker">Part of the contexts' names.</param>
    /// <param name="random">Decides everything.</param>
    /// <param name="maxTokens">Positions of a context, at most some 20 more.</param>
    /// <param name="isOver">Whether to end.</param>
    /// <returns>How many contexts there were.</returns>
    public static async Task<int> LiveAsync(ContextStore store, int worker, Random random, int maxTokens, Func<bool> isOver)
    {
        var contexts = 0;
        while (!isOver())
        {
            var name = $"c{worker}.{contexts++}";
            var context = await StreamAsync(store, name, 20 + random.Next(maxTokens), random, isOver);
            if (random.Next(3) == 0)
            {
                await ForkAsync(store, context, $"{name}.fork");
                await store.EraseAsync(ContextId.FromNames(LoneStore.Spec.Tenant, $"{name}.fork"), default);
            }

            Assert.True(await store.EraseAsync(context, default));
        }

        return contexts;
    }

    /// <summary>Forks, again where the context kept changing while it was read, as clients do.</summary>
    private static async Task ForkAsync(ContextStore store, ContextId context, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await store.ForkAsync(context, name, null, null, default);
                return;
            }
            catch (SwarmRefusedException busy) when (busy.Refusal.Code == RefusalCode.Busy && attempt < ForkTries)
            {
                // Checkpoints, merges and collections of this very silo, one after the other.
            }
        }
    }

    /// <summary>A context from its first position to its last, some of them twice.</summary>
    private static async Task<ContextId> StreamAsync(ContextStore store, string name, int length, Random random, Func<bool> isOver)
    {
        var spec = LoneStore.Spec with { Name = name };
        await store.CreateAsync(spec, default);
        var context = (await store.OpenAsync(spec.Id, default))!;
        var secret = SessionSecret.Create().Hash;
        var grant = await context.AcquireAsync(new AcquireRequest("a", secret, context.Status.Epoch), default);
        var proof = new SessionProof(grant.Epoch, secret);
        var key = await store.GetTenantKeyAsync(spec.Tenant, default);
        var tokens = new List<int>();
        var kv = 0;
        while (tokens.Count < length && !isOver())
        {
            var first = tokens.Count;
            tokens.AddRange(Enumerable.Range(0, StepTokens).Select(_ => random.Next(1000)));
            await context.AppendInputsAsync(
                proof, new InputRun(first, tokens.GetRange(first, StepTokens).ToArray(), new[] { StepTokens }), [], default);
            for (; kv < tokens.Count; kv += StepTokens)
            {
                await context.AppendKvAsync(proof, SmallModel.Kv(key, tokens.ToArray(), kv, StepTokens), default);
            }

            if (random.Next(50) == 0)
            {
                secret = SessionSecret.Create().Hash;
                var kept = first - (first % (4 * StepTokens));
                grant = await context.RewindAsync(proof, kept, secret, default);
                proof = new SessionProof(grant.Epoch, secret);
                tokens.RemoveRange(kept, tokens.Count - kept);
                kv = (int)grant.Durable.Kv; // Where a merged run was cut, all of it is to be appended again.
            }
        }

        await foreach (var run in context.ReadKvAsync(0, context.Status.Durable.Kv, KvReading.IntoMemory, default))
        {
            using (run)
            {
                Assert.True(SmallModel.Matches(run, tokens.ToArray()), $"{name}: KV at {run.FirstPosition} is not that of the inputs");
            }
        }

        return spec.Id;
    }
}
