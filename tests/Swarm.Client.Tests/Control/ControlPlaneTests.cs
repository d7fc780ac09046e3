using Microsoft.Extensions.Time.Testing;
using Swarm.Client.Control;
using Xunit;

namespace Swarm.Client.Tests.Control;

/// <summary>What a call that fails says.</summary>
public sealed class ControlPlaneTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_NoAnswerInTime_SaysAfterWhichTime()
    {
        var time = new FakeTimeProvider();
        var options = new SwarmClientOptions { TimeProvider = time, ControlTimeout = TimeSpan.FromSeconds(3), AttemptTimeout = TimeSpan.FromSeconds(3) };
        var control = new ControlPlane(
            () =>
            {
                time.Advance(options.AttemptTimeout);
                throw new TaskCanceledException();
            },
            new SwarmCredential("default"),
            options);

        var failed = await Assert.ThrowsAsync<SwarmTransportException>(() => control.GetStatusAsync("track/1", Token));

        Assert.Contains("The last one was not answered within 3s. Whether", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cancel", failed.Message, StringComparison.Ordinal);
    }
}
