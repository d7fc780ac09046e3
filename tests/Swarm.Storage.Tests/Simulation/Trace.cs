using Microsoft.Extensions.Logging;
using Swarm.Testing.Simulation;

namespace Swarm.Storage.Tests.Simulation;

/// <summary>Prints what happens in a run, in simulated time, where SWARM_TRACE is set.</summary>
/// <param name="world">The run.</param>
/// <param name="who">Whose log it is.</param>
/// <param name="warned">Told the name of each warning.</param>
internal sealed class Trace(World world, Func<string> who, Action<string?> warned) : ILoggerFactory, ILogger
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("SWARM_TRACE") is not null;

    public static void Write(World world, string who, string what)
    {
        if (IsOn)
        {
            Console.WriteLine($"{world.Time.GetUtcNow():mm:ss.fff} {who}: {what}");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public bool IsEnabled(LogLevel logLevel) => IsOn || logLevel == LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.Warning)
        {
            warned(eventId.Name);
        }

        if (IsOn)
        {
            Write(world, who(), $"{formatter(state, exception)} {exception?.Message}");
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
    }
}
