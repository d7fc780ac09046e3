namespace Swarm.Host.Startup;

/// <summary>Ends the process with one line and exit code 1 where Orleans cannot go on, as in a silo that was declared dead.</summary>
/// <remarks>Nothing is drained: its contexts are open elsewhere, and what it still holds is fenced.</remarks>
internal sealed class FatalErrors(ILocalSiloDetails silo, ILogger<FatalErrors> logger) : IFatalErrorHandler
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);
    private int _isEnding;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

    /// <inheritdoc/>
    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _isEnding, 1) != 0)
        {
            return;
        }

        HostLog.CannotGoOn(logger, exception?.Message ?? context ?? "it met a fatal error.", silo.SiloAddress.Endpoint);

        // On a thread of its own: handlers of the exit may wait for the very thread that calls this.
        new Thread(static () => Environment.Exit(1)) { IsBackground = true, Name = "swarm-fatal-exit" }.Start();
        new Thread(static () =>
        {
            Thread.Sleep(ExitLimit);
            Environment.FailFast("The process did not end after a fatal error.");
        })
        {
            IsBackground = true,
            Name = "swarm-fatal-limit",
        }.Start();
    }
}
