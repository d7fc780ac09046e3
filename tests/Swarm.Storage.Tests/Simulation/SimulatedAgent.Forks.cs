using Swarm.Core.Contexts;

namespace Swarm.Storage.Tests.Simulation;

/// <content>Forks.</content>
internal sealed partial class SimulatedAgent
{
    /// <summary>Forks the context, and checks what the fork holds.</summary>
    /// <param name="childName">Name of the fork.</param>
    /// <param name="child">What it owes its agents from then on.</param>
    /// <param name="isPatient">Whether it waits for the answer, however long that takes.</param>
    /// <returns>Whether it was made.</returns>
    public async Task<bool> ForkAsync(string childName, ContextOracle child, bool isPatient)
    {
        var timeout = isPatient ? TimeSpan.FromMinutes(1) : CallTimeout;
        var childSpec = new ContextSpec(spec.Tenant, childName, spec.Model, spec.BlockTokens);
        for (var attempt = 0; attempt < 12; attempt++)
        {
            var rewinds = oracle.Rewinds;
            var acknowledged = oracle.Acknowledgments();
            long? position = Random.Next(2) == 0 ? null : Random.Next(acknowledged.Length + 1);
            try
            {
                var silo = pickSilo();
                var forked = await silo.Store.ForkAsync(spec.Id, childName, position, null, default).AsTask().WaitAsync(timeout, world.Time);
                var agent = new SimulatedAgent(world, pickSilo, childSpec, child, $"{name}/fork");
                while (true)
                {
                    try
                    {
                        var context = await agent.OpenAsync();
                        var tokens = await agent.ReadTokensAsync(context, context.Status.Durable.Tokens);
                        var epoch = context.Status.Epoch.Value;
                        Trace.Write(world, name, $"{spec.Name}: forked as {childName} at {forked.Position}, epoch {epoch}");
                        oracle.Require(tokens.Length == forked.Position, $"a fork at {forked.Position} has {tokens.Length} tokens");
                        oracle.Read(epoch, tokens);
                        if (forked.IsNew && rewinds == oracle.Rewinds)
                        {
                            var required = acknowledged.AsSpan(0, (int)Math.Min(position ?? acknowledged.Length, acknowledged.Length));
                            oracle.Require(
                                tokens.AsSpan().StartsWith(required),
                                $"a fork has {tokens.Length} tokens; {required.Length} had been acknowledged before");
                        }

                        child.Forked(epoch, tokens);
                        await agent.CheckAsync(context);
                        return true;
                    }
                    catch (Exception error) when (IsPassing(error))
                    {
                        await PauseAsync();
                    }
                }
            }
            catch (Exception error) when (IsPassing(error)
                || error is SwarmRefusedException { Refusal.Code: RefusalCode.Gap or RefusalCode.Invalid or RefusalCode.NotFound })
            {
                await PauseAsync(); // It does not exist yet, was rewound meanwhile, or was forked elsewhere by a lost try.
            }
        }

        return false;
    }
}
