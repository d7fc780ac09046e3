using System.Globalization;
using Microsoft.Extensions.Logging.Console;

namespace Swarm.Host.Logging;

/// <summary>Rules of the <c>Logging</c> section, on which the logging library throws, or which it passes over in silence.</summary>
internal static class LoggingCheck
{
    /// <summary>Configuration section name.</summary>
    public const string SectionName = "Logging";

    private const string Levels = "LogLevel";
    private const string Console = "Console";
    private const string Name = "FormatterName";
    private const string Options = "FormatterOptions";

    private static string[] Sections => [Levels, Console];

    private static string[] ConsoleSettings =>
        [Levels, Name, Options, nameof(ConsoleLoggerOptions.MaxQueueLength), nameof(ConsoleLoggerOptions.QueueFullMode)];

    /// <summary>Finds what does not exist, and what cannot be read.</summary>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="faults">Receives one sentence for each.</param>
    public static void FindFaults(IConfiguration configuration, List<string> faults)
    {
        // What the environment has here begins with Logging__, and is meant for a silo.
        foreach (var entry in configuration.GetSection(SectionName).GetChildren()
            .Where(entry => !Sections.Contains(entry.Key, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add($"{entry.Path} is not a setting; there are {string.Join(" and ", Sections)}.");
        }

        var console = configuration.GetSection($"{SectionName}:{Console}");
        var levels = configuration.GetSection($"{SectionName}:{Levels}").GetChildren()
            .Concat(console.GetSection(Levels).GetChildren());
        foreach (var level in levels.Where(level => !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _)))
        {
            faults.Add($"{level.Path} is '{level.Value}'; one of {string.Join(", ", Enum.GetNames<LogLevel>())} is needed.");
        }

        foreach (var entry in console.GetChildren()
            .Where(entry => !ConsoleSettings.Contains(entry.Key, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add($"{entry.Path} is not a setting; there are {string.Join(", ", ConsoleSettings)}.");
        }

        Read(console, new ConsoleLoggerOptions(), isWhole: false, faults);
        ConsoleFormatterOptions? options = console[Name]?.ToLowerInvariant() switch
        {
            ConsoleFormatterNames.Simple => new SimpleConsoleFormatterOptions(),
            ConsoleFormatterNames.Json => new JsonConsoleFormatterOptions(),
            null or LineFormatter.FormatterName or ConsoleFormatterNames.Systemd => new ConsoleFormatterOptions(),
            _ => null,
        };
        if (options is null)
        {
            faults.Add($"{console.Path}:{Name} is '{console[Name]}'; line, simple, json or systemd is needed.");
            return;
        }

        Read(console.GetSection(Options), options, isWhole: true, faults);
        try
        {
            _ = DateTimeOffset.UnixEpoch.ToString(options.TimestampFormat, CultureInfo.InvariantCulture);
        }
        catch (FormatException)
        {
            faults.Add(
                $"{console.Path}:{Options}:{nameof(options.TimestampFormat)} is '{options.TimestampFormat}'; a .NET format of "
                + "date and time such as yyyy-MM-ddTHH:mm:ss.fffzzz is needed.");
        }
    }

    private static void Read(IConfigurationSection section, object options, bool isWhole, List<string> faults)
    {
        try
        {
            section.Bind(options, binder => binder.ErrorOnUnknownConfiguration = isWhole);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            faults.Add($"{section.Path}: {exception.Message}");
        }
    }
}
