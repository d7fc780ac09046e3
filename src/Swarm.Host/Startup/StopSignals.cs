using System.Runtime.InteropServices;
using Swarm.Host.Settings;

namespace Swarm.Host.Startup;

/// <summary>
/// What the executable does on signals: the first SIGTERM, SIGINT, SIGQUIT or SIGHUP stops the silo in order.
/// </summary>
/// <remarks>
/// While it stops, by itself too, SIGINT and SIGQUIT, which a person at a terminal sends, end the process at once. SIGTERM and SIGHUP do not:
/// supervisors, and terminals that close, send several. Signals that come together are handled in any order: the first SIGINT or SIGQUIT within
/// a second of another signal ends nothing. What was ignored when the process started, as SIGHUP under nohup, .NET
/// leaves ignored. A stop that takes longer than all of its limits together ends the process.
/// </remarks>
/// <param name="lifetime">What stops the silo.</param>
/// <param name="settings">Say how long a stop may take.</param>
/// <param name="time">Tells which signals come together.</param>
/// <param name="logger">Where logs go.</param>
internal sealed class StopSignals(
    IHostApplicationLifetime lifetime, HostSettings settings, TimeProvider time, ILogger<StopSignals> logger) : IHostLifetime, IDisposable
{
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(1);
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Lock _lock = new();
    private long? _firstAt;
    private bool _isOfAPerson;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        StopLimit.Arm(lifetime, settings.Storage.StopTimeout + StopLimit.Margin, logger); // A start that is called off may hang as well.
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP];
        _registrations.AddRange(signals.Select(signal => PosixSignalRegistration.Create(signal, OnSignal)));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    /// <summary>What a signal does.</summary>
    internal void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        bool isFirst, isTogether;
        lock (_lock)
        {
            isFirst = _firstAt is null;
            _firstAt ??= time.GetTimestamp();
            isTogether = !isFirst && !_isOfAPerson && time.GetElapsedTime(_firstAt.Value) < Together;
            _isOfAPerson |= context.Signal is PosixSignal.SIGINT or PosixSignal.SIGQUIT;
        }

        if (isFirst && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            HostLog.Signalled(logger, context.Signal);
            lifetime.StopApplication();
        }
        else if (context.Signal is PosixSignal.SIGINT or PosixSignal.SIGQUIT && !isTogether)
        {
            HostLog.EndsAtOnce(logger, context.Signal);
            context.Cancel = false; // The system's own way: the exit status names the signal.
        }
        else
        {
            HostLog.SignalledAgain(logger, context.Signal);
        }
    }
}
