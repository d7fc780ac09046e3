using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Swarm.Host.Logging;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>What a line of the log holds.</summary>
public sealed class LineFormatterTests
{
    /// <summary>Polly says what an attempt threw by what Orleans puts into a message: a whole exception, with its stack.</summary>
    [Theory]
    [InlineData(LogLevel.Warning, false)]
    [InlineData(LogLevel.Error, true)]
    public void Write_MessageThatHoldsAStack_LeavesItOutUpToWarnings(LogLevel level, bool hasStack)
    {
        string thrown;
        try
        {
            throw new InvalidOperationException("the inner one", new IOException("refused"));
        }
        catch (InvalidOperationException exception)
        {
            thrown = exception.ToString();
        }

        using var writer = new StringWriter();

        new LineFormatter(new Settings()).Write(
            new LogEntry<string>(level, "Polly", new EventId(3), $"Attempt failed: '{thrown}', 2 ms", null, (state, _) => state), null, writer);

        var line = writer.ToString().TrimEnd();
        Assert.DoesNotContain('\n', line);
        Assert.Equal(hasStack, line.Contains("at Swarm.Host.Tests", StringComparison.Ordinal));
        Assert.Equal(hasStack, line.Contains("--- End of", StringComparison.Ordinal));
        Assert.Contains("Polly[3] Attempt failed: 'System.InvalidOperationException: the inner one ---> System.IO.IOException: refused", line, StringComparison.Ordinal);
    }

    private sealed class Settings : IOptionsMonitor<ConsoleFormatterOptions>
    {
        public ConsoleFormatterOptions CurrentValue { get; } = new();

        public ConsoleFormatterOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<ConsoleFormatterOptions, string?> listener) => null;
    }
}
