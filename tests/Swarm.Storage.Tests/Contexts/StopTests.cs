using Swarm.Core.Contexts;
using Swarm.Core.Identity;
using Swarm.Core.Sessions;
using Swarm.Storage.Tests.Simulation;
using Swarm.Testing.Simulation;
using Xunit;

namespace Swarm.Storage.Tests.Contexts;

/// <summary>A silo that stops while its store takes nothing, in simulated time.</summary>
public sealed class StopTests
{
    private static readonly StoreFaults TakesNothing = StoreFaults.None with { Throttled = 1 };

    [Fact]
    public void Dispose_StoreTakesNothing_EndsInTimeAndKeepsWhatWasAcknowledged()
    {
        var silo = new LoneStore();
        var secret = Digest256.Sha256([1]);
        silo.Run(async () =>
        {
            await silo.Store.CreateAsync(LoneStore.Spec, default);
            var context = (await silo.Store.OpenAsync(LoneStore.Spec.Id, default))!;
            var grant = await context.AcquireAsync(new AcquireRequest("a", secret, context.Status.Epoch), default);
            var proof = new SessionProof(grant.Epoch, secret);
            await context.AppendInputsAsync(proof, new InputRun(0, new[] { 1 }, SmallModel.OneStepEach(1)), [], default);

            silo.Blobs.Faults = TakesNothing;
            var waiting = context.AppendInputsAsync(proof, new InputRun(1, new[] { 2 }, SmallModel.OneStepEach(1)), [], default).AsTask();
            var started = silo.Time.GetTimestamp();
            await silo.Store.DisposeAsync();

            var elapsed = silo.Time.GetElapsedTime(started);
            var limit = new ContextStoreOptions().StopTimeout;
            Assert.InRange(elapsed, limit, limit + TimeSpan.FromSeconds(1));
            await Assert.ThrowsAsync<SwarmRefusedException>(() => waiting);
            return true;
        });

        silo.Blobs.Faults = StoreFaults.None;
        silo.Restart();
        var length = silo.Run(async () => (await silo.Store.OpenAsync(LoneStore.Spec.Id, default))!.Status.Durable.Tokens);

        Assert.Equal(1, length);
    }
}
