using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Swarm.Host.Logging;

/// <summary>Writes of each kind of warning or error of Orleans and Polly only a few at a time, and how many more there were.</summary>
/// <remarks>
/// While silos do not answer, Orleans warns of each connection and call to each of them several times a second. What an operator needs of it is
/// that it happens, and that it goes on; which silos are declared dead is told by Swarm itself.
/// </remarks>
/// <param name="inner">What writes.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="isStopping">Set when the silo stops: what cannot be sent to it any more is then no news.</param>
[ProviderAlias("Console")]
internal sealed class RepeatLimit(ILoggerProvider inner, TimeProvider timeProvider, StrongBox<bool>? isStopping = null) : ILoggerProvider, ISupportExternalScope
{
    private const int AddressingFailed = 100071;

    private readonly TimeProvider _timeProvider = timeProvider;
    private readonly StrongBox<bool>? _isStopping = isStopping;
    private readonly ConcurrentDictionary<(string Category, int Event, string Template, LogLevel Level), Repeats> _repeats = new();

    /// <summary>Messages of one kind that are written in a <see cref="Period"/>.</summary>
    public static int Most => 3;

    /// <summary>Time from the first message of a kind to that which counts those left out.</summary>
    public static TimeSpan Period => TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return categoryName == "Polly" || categoryName.StartsWith("Orleans.", StringComparison.Ordinal)
            ? new Limited(this, categoryName, logger)
            : logger;
    }

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var repeats in _repeats.Values)
        {
            repeats.End();
        }
    }

    // Orleans' messages to a silo that stops, and the attempts that Polly repeats.
    private bool IsLeftOut(string category, EventId eventId, LogLevel level) =>
        _isStopping is { } box && Volatile.Read(ref box.Value)
        && level is (LogLevel.Warning or LogLevel.Error)
        && (category == "Polly" || (category == "Orleans.Messaging" && eventId.Id == AddressingFailed));

    private sealed class Limited(RepeatLimit limit, string category, ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (limit.IsLeftOut(category, eventId, logLevel))
            {
                return;
            }

            if (logLevel is not (LogLevel.Warning or LogLevel.Error)
                || limit._repeats
                    .GetOrAdd((category, eventId.Id, TemplateOf(state), logLevel), _ => new Repeats(logger, eventId, logLevel, limit._timeProvider))
                    .MayWrite(() => formatter(state, exception) + (exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})")))
            {
                logger.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        // Many messages of Orleans have event id 0.
        private static string TemplateOf<TState>(TState state) =>
            state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values && values[^1] is { Key: "{OriginalFormat}", Value: string template }
                ? template
                : "";
    }

    /// <summary>Messages of one kind since the first of a period.</summary>
    private sealed class Repeats(ILogger logger, EventId eventId, LogLevel level, TimeProvider timeProvider)
    {
        private readonly Lock _lock = new();
        private ITimer? _timer;
        private int _count;
        private string _last = "";

        public bool MayWrite(Func<string> message)
        {
            lock (_lock)
            {
                _timer ??= timeProvider.CreateTimer(static repeats => ((Repeats)repeats!).End(), this, Period, Timeout.InfiniteTimeSpan);
                if (++_count <= Most)
                {
                    return true;
                }

                _last = message();
                return false;
            }
        }

        /// <summary>Ends the period, and tells what was left out in it.</summary>
        public void End()
        {
            int left;
            string last;
            lock (_lock)
            {
                (left, last) = (_count - Most, _last);
                (_count, _last) = (0, "");
                _timer?.Dispose();
                _timer = null;
            }

            if (left > 0)
            {
                var message = $"{left} more such messages within {Period.TotalSeconds} s were left out. The last: {last}";
                logger.Log(level, eventId, message, null, static (text, _) => text);
            }
        }
    }
}
