using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Swarm.Host.Settings;
using Swarm.Host.Startup;
using Xunit;

namespace Swarm.Grains.Tests.Hosting;

/// <summary>What a signal does depends on whether the silo stops already, for whatever reason.</summary>
public sealed class StopSignalsTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    [Theory]
    [InlineData(PosixSignal.SIGINT, false, false)]
    [InlineData(PosixSignal.SIGTERM, false, false)]
    [InlineData(PosixSignal.SIGINT, true, true)]
    [InlineData(PosixSignal.SIGQUIT, true, true)]
    [InlineData(PosixSignal.SIGTERM, true, false)]
    [InlineData(PosixSignal.SIGHUP, true, false)]
    public void Signal_First_StopsTheSiloOrOfAPersonEndsOneThatStopsByItself(PosixSignal signal, bool isStopping, bool ends)
    {
        using var signals = new StopSignals(_lifetime, new HostSettings(), NullLogger<StopSignals>.Instance);
        if (isStopping)
        {
            _lifetime.StopApplication();
        }

        var context = new PosixSignalContext(signal);
        signals.OnSignal(context);

        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.Equal(!ends, context.Cancel);
    }

    [Fact]
    public void Signal_Second_EndsTheProcessWhereAPersonSendsIt()
    {
        using var signals = new StopSignals(_lifetime, new HostSettings(), NullLogger<StopSignals>.Instance);
        signals.OnSignal(new PosixSignalContext(PosixSignal.SIGTERM));
        var (again, person) = (new PosixSignalContext(PosixSignal.SIGTERM), new PosixSignalContext(PosixSignal.SIGINT));

        signals.OnSignal(again);
        signals.OnSignal(person);

        Assert.Equal((true, false), (again.Cancel, person.Cancel));
    }
}
