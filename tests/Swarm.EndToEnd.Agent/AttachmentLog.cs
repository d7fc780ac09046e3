using Microsoft.Extensions.Logging;

namespace Swarm.EndToEnd.Agent;

/// <summary>Takes what the client logs: attachments go into the history, warnings to standard error.</summary>
/// <param name="history">The history.</param>
internal sealed class AttachmentLog(HistoryWriter history) : ILoggerProvider, ILogger
{
    private const int StreamingId = 3001;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == StreamingId && state is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            var context = (string)values.First(value => value.Key == "Context").Value!;
            if (!Preflight.IsOf(context))
            {
                history.Write(
                    EventKind.Attached,
                    context,
                    (ulong)values.First(value => value.Key == "Epoch").Value!,
                    text: (string)values.First(value => value.Key == "Endpoint").Value!);
            }
        }
        else if (logLevel >= LogLevel.Warning)
        {
            Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {eventId.Id} {formatter(state, exception)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing of its own.
    }
}
