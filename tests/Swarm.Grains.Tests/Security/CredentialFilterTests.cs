using Swarm.Core.Errors;
using Swarm.Core.Identity;
using Swarm.Grains.Abstractions;
using Swarm.Grains.Tests.Support;
using Swarm.Testing;
using Xunit;

namespace Swarm.Grains.Tests.Security;

/// <summary>What a client without the right credential can do: nothing.</summary>
public sealed class CredentialFilterTests : IAsyncLifetime
{
    private const string TokenText = "correct horse";

    private readonly TempDirectory _folder = new();
    private TestSilo? _silo;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var hash = Digest256.Sha256("correct horse"u8);
        _silo = await TestSilo.StartAsync(
            _folder.Path, $"--Swarm:Tenants:default={hash}", $"--Swarm:Tenants:other={Digest256.Sha256("o"u8)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _silo!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Call_RightToken_IsServedThroughBothGrains()
    {
        var answer = await _silo!.Agent("a", TokenText).AcquireAsync(Requests.Acquire("c", "a"), Token);

        Assert.Equal(1UL, answer.Lease?.Epoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    public async Task Call_WrongToken_IsUnauthorized(string token)
    {
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => _silo!.Agent("a", token).AcquireAsync(Requests.Acquire("c", "a"), Token));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }

    [Fact]
    public async Task Call_NoCredential_IsUnauthorized()
    {
        RequestContext.Clear();
        var grain = _silo!.Client.GetGrain<IContextGrain>("default/c");

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => grain.GetStatusAsync(Token));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }

    [Fact]
    public async Task Call_CredentialOfAnotherTenant_IsUnauthorized()
    {
        new CallCredential("other", "o").Attach();
        var grain = _silo!.Client.GetGrain<IContextGrain>("default/c");

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => grain.GetStatusAsync(Token));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }

    [Fact]
    public async Task Call_OrleansOwnGrains_IsUnauthorizedForClients()
    {
        new CallCredential("default", TokenText).Attach();
        var management = _silo!.Client.GetGrain<IManagementGrain>(0);

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => management.GetTotalActivationCount(Token));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }
}
