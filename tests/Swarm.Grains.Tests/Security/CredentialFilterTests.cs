using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Swarm.Clustering.Prefixes;
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
            _folder.Path, "--Logging:LogLevel:Swarm.Grains=Warning", $"--Swarm:Tenants:default={hash}", $"--Swarm:Tenants:other={Digest256.Sha256("o"u8)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _silo!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Call_RightToken_IsServed()
    {
        var answer = await _silo!.Context("c", TokenText).AcquireAsync(Requests.Acquire("c", "a"), Token);

        Assert.Equal(1UL, answer.Lease?.Epoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    public async Task Call_WrongToken_IsUnauthorized(string token)
    {
        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(
            () => _silo!.Context("c", token).AcquireAsync(Requests.Acquire("c", "a"), Token));

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

    /// <summary>Grain services answer silos alone, though a client may make a reference to one.</summary>
    [Fact]
    public async Task Call_GrainService_IsUnauthorizedForClients()
    {
        var services = _silo!.Host.Services;
        var peer = services.GetRequiredService<PrefixPeers>().At(services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        new CallCredential("default", TokenText).Attach();
        var reference = _silo.Client.GetGrain<IPrefixPeer>(peer.GetGrainId());

        var refused = await Assert.ThrowsAsync<SwarmRefusedException>(() => reference.FindAsync([], 64));

        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }

    /// <summary>Orleans tells a silo by a call of its own, without credential, that a caller has stopped waiting.</summary>
    [Fact]
    public async Task Call_Cancelled_IsNoRefusedCall()
    {
        using var warnings = new Warnings();
        _silo!.Host.Services.GetRequiredService<ILoggerFactory>().AddProvider(warnings);
        for (var round = 0; round < 50; round++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var call = _silo.Context($"c{round}", TokenText).AcquireAsync(Requests.Acquire($"c{round}", "a"), stop.Token);
            RequestContext.Clear(); // As in a timer.
            await stop.CancelAsync();
            _ = await Record.ExceptionAsync(() => call);
        }

        await _silo.Context("last", TokenText).AcquireAsync(Requests.Acquire("last", "a"), Token); // Behind them on the same connection.

        Assert.Empty(warnings.Messages);
    }

    private sealed class Warnings : ILoggerProvider, ILogger
    {
        public ConcurrentBag<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
