using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Swarm.Host.Settings;
using Swarm.Host.Startup;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>What a signal does depends on whether the silo stops already, for whatever reason.</summary>
public sealed class StopSignalsTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData(PosixSignal.SIGINT, false, false)]
    [InlineData(PosixSignal.SIGTERM, false, false)]
    [InlineData(PosixSignal.SIGINT, true, true)]
    [InlineData(PosixSignal.SIGQUIT, true, true)]
    [InlineData(PosixSignal.SIGTERM, true, false)]
    [InlineData(PosixSignal.SIGHUP, true, false)]
    public void Signal_First_StopsTheSiloOrOfAPersonEndsOneThatStopsByItself(PosixSignal signal, bool isStopping, bool ends)
    {
        using var signals = new StopSignals(_lifetime, new HostSettings(), _clock, NullLogger<StopSignals>.Instance);
        if (isStopping)
        {
            _lifetime.StopApplication();
        }

        var context = new PosixSignalContext(signal);
        signals.OnSignal(context);

        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.Equal(!ends, context.Cancel);
    }

    /// <summary>Signals that come together are handled in any order, so that the second may have been sent first.</summary>
    [Theory]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGTERM, 0, false)]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGTERM, 2, false)]
    [InlineData(PosixSignal.SIGTERM, PosixSignal.SIGINT, 2, true)]
    [InlineData(PosixSignal.SIGHUP, PosixSignal.SIGQUIT, 0, false)]
    [InlineData(PosixSignal.SIGQUIT, PosixSignal.SIGHUP, 0, false)]
    [InlineData(PosixSignal.SIGINT, PosixSignal.SIGINT, 0, true)]
    public void Signal_Second_EndsTheProcessWhereAPersonSendsIt(PosixSignal first, PosixSignal second, int afterSeconds, bool ends)
    {
        using var signals = new StopSignals(_lifetime, new HostSettings(), _clock, NullLogger<StopSignals>.Instance);
        signals.OnSignal(new PosixSignalContext(first));
        _clock.Advance(TimeSpan.FromSeconds(afterSeconds));
        var (context, third) = (new PosixSignalContext(second), new PosixSignalContext(PosixSignal.SIGINT));

        signals.OnSignal(context);
        _clock.Advance(TimeSpan.FromSeconds(2));
        signals.OnSignal(third);

        Assert.Equal((!ends, false), (context.Cancel, third.Cancel));
    }
}
