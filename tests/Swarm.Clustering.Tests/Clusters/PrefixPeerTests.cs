using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.Grains.Tests.Support;
using Swarm.Testing;
using Xunit;

namespace Swarm.Clustering.Tests.Clusters;

/// <summary>Silos find each other's KV to share.</summary>
public sealed class PrefixPeerTests
{
    private const int Tokens = 10 * PrefixHasher.DefaultBlockTokens;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_ContextOnAnotherSilo_IsFoundUntilForgottenAndSurvivesASiloThatIsGone()
    {
        using var folder = new TempDirectory();
        await using var here = await TestSilo.StartAsync(folder.Path, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true");
        var tokens = Enumerable.Range(0, Tokens + 1).ToArray();
        await using (var there = await TestSilo.StartAsync(folder.Path, "--Swarm:Cluster:Kind=store", "--Swarm:Cluster:OneMachine=true"))
        {
            var open = await WriteAsync(there, "there", tokens.AsMemory(0, Tokens));
            Assert.Null(await FindAsync(here, tokens.AsMemory(0, PrefixHasher.DefaultBlockTokens - 1)));
            for (var attempt = 1; await FindAsync(here, tokens) is null; attempt++)
            {
                Assert.True(attempt < 20, "the other silo does not answer"); // Its first answer may come too late to be waited for.
            }

            Assert.Equal(("there", (long)Tokens), Of(await FindAsync(here, tokens)));
            await WriteAsync(here, "here", tokens.AsMemory(0, Tokens / 2));
            Assert.Equal(("there", (long)Tokens), Of(await FindAsync(here, tokens)));
            Assert.Equal("here", (await FindAsync(here, tokens.AsMemory(0, Tokens / 2)))!.Context);

            await here.Prefixes.ForgetAsync(open.Id);
            Assert.Equal(("there", (long)Tokens), Of(await FindAsync(here, tokens))); // Who has it open knows better.
            await open.CloseAsync(Token);
            Assert.Equal(("there", (long)Tokens), Of(await FindAsync(here, tokens)));
            await here.Prefixes.ForgetAsync(open.Id);
            Assert.Equal(("here", Tokens / 2L), Of(await FindAsync(there, tokens)));
        }

        Assert.Equal(("here", Tokens / 2L), Of(await FindAsync(here, tokens)));
    }

    private static Task<SharedPrefix?> FindAsync(TestSilo silo, ReadOnlyMemory<int> tokens) => silo.Prefixes.FindAsync(
        "default", TestModels.Tiny().ComputeFingerprint(), PrefixHasher.DefaultBlockTokens, tokens, Token);

    private static (string Context, long Position) Of(SharedPrefix? found) => (found?.Context ?? "", found?.Position ?? 0);

    private static async Task<IOpenContext> WriteAsync(TestSilo silo, string name, ReadOnlyMemory<int> tokens)
    {
        var spec = new ContextSpec("default", name, TestModels.Tiny(), PrefixHasher.DefaultBlockTokens);
        await silo.Contexts.CreateAsync(spec, Token);
        var open = (await silo.Contexts.OpenAsync(spec.Id, Token))!;
        var secret = SessionSecret.Create();
        var grant = await open.AcquireAsync(new AcquireRequest("a", secret.Hash, open.Status.Epoch), Token);
        var proof = new SessionProof(grant.Epoch, secret.Hash);
        await open.AppendInputsAsync(proof, new InputRun(0, tokens, new[] { tokens.Length }), [], Token);
        var key = await silo.Contexts.GetTenantKeyAsync("default", Token);
        await open.AppendKvAsync(proof, TestModels.Kv(key, spec.Model, tokens.Span), Token);
        return open;
    }
}
