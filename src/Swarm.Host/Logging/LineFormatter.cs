using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Swarm.Host.Logging;

/// <summary>Writes each event as one line: time, level, category, message, and what an exception says.</summary>
/// <remarks>
/// Up to warnings, an exception is its types and messages: Orleans warns of each probe and connection of a silo that is lost, with
/// kilobytes of stack, and Polly puts what Orleans throws into its messages. From errors on the stack is there, on the same line.
/// </remarks>
/// <param name="options">Settings.</param>
internal sealed class LineFormatter(IOptionsMonitor<ConsoleFormatterOptions> options) : ConsoleFormatter(FormatterName)
{
    /// <summary>The formatter's name in <c>Logging:Console:FormatterName</c>.</summary>
    public const string FormatterName = "line";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var settings = options.CurrentValue;
        if (settings.TimestampFormat is { Length: > 0 } format)
        {
            var now = settings.UseUtcTimestamp ? DateTimeOffset.UtcNow : DateTimeOffset.Now;
            textWriter.Write($"{now.ToString(format, CultureInfo.InvariantCulture)} ");
        }

        textWriter.Write($"{LevelName(logEntry.LogLevel)}: {logEntry.Category}[{logEntry.EventId.Id}] ");
        if (settings.IncludeScopes)
        {
            scopeProvider?.ForEachScope((scope, writer) => writer.Write($"{scope} => "), textWriter);
        }

        var hasStacks = logEntry.LogLevel >= LogLevel.Error;
        textWriter.Write(OneLine(logEntry.Formatter(logEntry.State, logEntry.Exception), hasStacks));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(hasStacks ? $" | {OneLine(exception.ToString(), hasStacks)}" : $" | {Describe(exception)}");
        }

        textWriter.WriteLine();
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };

    /// <summary>Type and message of an exception and those behind it. Orleans puts whole stacks into messages: the first line counts.</summary>
    private static string Describe(Exception exception)
    {
        var one = $"{exception.GetType().Name}: {exception.Message.Split('\n')[0].Trim()}";
        return exception.InnerException is { } inner ? $"{one} <- {Describe(inner)}" : one;
    }

    private static string OneLine(string text, bool hasStacks) => string.Join(
        ' ',
        text.Split('\n').Where(line => hasStacks || !IsOfStack(line)).Select(line => line.Trim()).Where(line => line.Length > 0));

    /// <summary>Whether a line is one of those that <see cref="Exception.StackTrace"/> consists of.</summary>
    private static bool IsOfStack(string line) =>
        line.StartsWith("   at ", StringComparison.Ordinal) || line.TrimStart().StartsWith("--- End of ", StringComparison.Ordinal);
}
