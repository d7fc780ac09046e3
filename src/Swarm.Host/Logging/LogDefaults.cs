using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Console;

namespace Swarm.Host.Logging;

/// <summary>What is logged, and how, unless configuration says otherwise.</summary>
internal static class LogDefaults
{
    private const string Console = "Logging:Console";
    private const string Options = $"{Console}:FormatterOptions";
    private const string UtcTimestamp = "yyyy-MM-ddTHH:mm:ss.fffZ";
    private const string LocalTimestamp = "yyyy-MM-ddTHH:mm:ss.fffzzz";

    /// <summary>Least level by category: what the libraries tell of themselves is of use to nobody who runs a silo.</summary>
    public static IReadOnlyList<(string Category, LogLevel Level)> Levels { get; } =
    [
        ("Default", LogLevel.Information),
        ("Orleans", LogLevel.Warning),
        ("Microsoft", LogLevel.Warning),
        ("Azure", LogLevel.Warning),
        ("Polly", LogLevel.Warning),
        ("System.Net.Http", LogLevel.Warning),
        ("Swarm.Clustering.Writers.WriterPeer", LogLevel.Warning), // Orleans tells of its grain services under these names.
        ("Swarm.Clustering.Prefixes.PrefixPeer", LogLevel.Warning),
    ];

    /// <summary>
    /// Keeps Orleans' watchdog silent until the silo is up: its first look takes the time since the machine's start for the
    /// time since its last one, and warns of a deadlock.
    /// </summary>
    /// <param name="logging">Receives the filter.</param>
    /// <param name="configuration">Where levels are set.</param>
    /// <returns>To be set when the silo is up.</returns>
    public static StrongBox<bool> AddStartFilter(ILoggingBuilder logging, IConfiguration configuration)
    {
        const string Watchdog = "Orleans.Runtime.Watchdog";
        var isUp = new StrongBox<bool>();
        var least = LevelOf(Watchdog, configuration);
        logging.AddFilter(Watchdog, level => Volatile.Read(ref isUp.Value) && level >= least);
        return isUp;
    }

    /// <summary>Adds the console, with a limit to Orleans' repeated warnings and errors unless more of Orleans was asked for.</summary>
    /// <param name="logging">Receives it.</param>
    /// <param name="configuration">Where levels are set.</param>
    /// <returns>To be set when the silo stops.</returns>
    public static StrongBox<bool> AddConsole(ILoggingBuilder logging, IConfiguration configuration)
    {
        var isStopping = new StrongBox<bool>();
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        if (LevelOf("Orleans", configuration) < LogLevel.Warning)
        {
            return isStopping;
        }

        var unlimited = logging.Services.Single(service => service.ImplementationType == typeof(ConsoleLoggerProvider));
        logging.Services.Remove(unlimited);
        logging.Services.AddSingleton<ConsoleLoggerProvider>();
        logging.Services.AddSingleton<ILoggerProvider>(provider =>
            new RepeatLimit(provider.GetRequiredService<ConsoleLoggerProvider>(), provider.GetRequiredService<TimeProvider>(), isStopping));
        return isStopping;
    }

    private static LogLevel LevelOf(string category, IConfiguration configuration)
    {
        var text = configuration.GetSection("Logging:LogLevel").GetChildren()
            .Where(level => category.StartsWith(level.Key, StringComparison.OrdinalIgnoreCase))
            .MaxBy(level => level.Key.Length)?.Value;
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) ? level : LogLevel.Warning;
    }

    /// <summary>Gives the defaults as configuration, to be overridden by what is added later.</summary>
    /// <param name="given">What was set: which console formatter, and whether times are local.</param>
    public static Dictionary<string, string?> Settings(IConfiguration given)
    {
        var formatter = given[$"{Console}:FormatterName"] ?? LineFormatter.FormatterName;
        var isLocal = bool.TryParse(given[$"{Options}:UseUtcTimestamp"], out var isUtc) && !isUtc;
        var timestamp = isLocal ? LocalTimestamp : UtcTimestamp;
        var settings = Levels.ToDictionary(level => $"Logging:LogLevel:{level.Category}", level => (string?)$"{level.Level}");
        settings[$"{Console}:FormatterName"] = formatter;
        settings[$"{Options}:UseUtcTimestamp"] = "true";
        if (!Is(ConsoleFormatterNames.Systemd)) // The journal has its own.
        {
            settings[$"{Options}:TimestampFormat"] = Is(ConsoleFormatterNames.Simple) ? $"{timestamp} " : timestamp;
        }

        return settings;

        bool Is(string name) => name.Equals(formatter, StringComparison.OrdinalIgnoreCase);
    }
}
