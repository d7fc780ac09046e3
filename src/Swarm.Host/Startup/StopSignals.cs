using System.Runtime.InteropServices;

namespace Swarm.Host.Startup;

/// <summary>
/// What the executable does on signals: the first SIGTERM, SIGINT, SIGQUIT or SIGHUP stops the silo in order.
/// </summary>
/// <remarks>
/// While it stops, SIGINT and SIGQUIT, which a person at a terminal sends, end the process at once. SIGTERM and SIGHUP do not:
/// supervisors, and terminals that close, send several. What was ignored when the process started, as SIGHUP under nohup, .NET
/// leaves ignored.
/// </remarks>
/// <param name="lifetime">What stops the silo.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class StopSignals(IHostApplicationLifetime lifetime, ILogger<StopSignals> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _isStopping;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP];
        _registrations.AddRange(signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            Log.Signalled(logger, context.Signal);
            lifetime.StopApplication();
        }
        else if (context.Signal is PosixSignal.SIGINT or PosixSignal.SIGQUIT)
        {
            Log.EndsAtOnce(logger, context.Signal);
            context.Cancel = false; // The system's own way: the exit status names the signal.
        }
        else
        {
            Log.SignalledAgain(logger, context.Signal);
        }
    }
}
