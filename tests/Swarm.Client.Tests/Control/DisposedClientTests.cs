using Swarm.Testing.Models;
using Xunit;

namespace Swarm.Client.Tests.Control;

/// <summary>A client that was disposed says so at once.</summary>
public sealed class DisposedClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_ClientDisposed_ThrowsAtOnceAndDisposingAgainIsHarmless()
    {
        await using var silo = await Silo.StartAsync();
        var swarm = await silo.ConnectAsync();
        var agent = swarm.Agent("drone-a");
        await swarm.DisposeAsync();
        await swarm.DisposeAsync();

        // Repeated for ControlTimeout, 30 s, it would take longer.
        var limit = TimeSpan.FromSeconds(20);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => agent.OpenAsync("track/1", new ToyRuntime(), cancellationToken: Token).WaitAsync(limit, Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => swarm.GetStatusAsync("track/1", Token).WaitAsync(limit, Token));
    }
}
