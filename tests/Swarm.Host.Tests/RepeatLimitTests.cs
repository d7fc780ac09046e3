using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Time.Testing;
using Swarm.Host.Logging;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>Of what Orleans repeats, a few messages are written and the others counted; everything else is written as it comes.</summary>
public sealed class RepeatLimitTests : IDisposable
{
    private const string Probes = "Orleans.Runtime.MembershipService.SiloHealthMonitor";

    private readonly FakeTimeProvider _time = new();
    private readonly Lines _lines = new();
    private readonly RepeatLimit _limit;

    public RepeatLimitTests() => _limit = new RepeatLimit(_lines, _time);

    public void Dispose() => _limit.Dispose();

    [Fact]
    public void Log_WarningsOfOneKind_AreCountedBeyondAFew()
    {
        var logger = _limit.CreateLogger(Probes);
        for (var silo = 0; silo < 10; silo++)
        {
            Say(logger, LogLevel.Warning, "No answer of {0}", silo, new TimeoutException("late"));
        }

        Assert.Equal(["No answer of 0", "No answer of 1", "No answer of 2"], _lines.Texts);
        _time.Advance(RepeatLimit.Period);
        Assert.Equal("7 more such messages within 30 s were left out. The last: No answer of 9 (TimeoutException: late)", _lines.Texts[^1]);

        _time.Advance(RepeatLimit.Period); // Nothing to tell.
        Say(logger, LogLevel.Warning, "No answer of {0}", 10);
        Assert.Equal("No answer of 10", _lines.Texts[^1]);
        Assert.Equal(5, _lines.Texts.Count);
    }

    [Fact]
    public void Log_OtherKinds_AreWritten()
    {
        var logger = _limit.CreateLogger(Probes);
        var swarm = _limit.CreateLogger("Swarm.Clustering.Membership.MembershipLog");
        for (var repeat = 0; repeat < 10; repeat++)
        {
            Say(logger, LogLevel.Warning, "No answer of {0}", repeat);
            Say(logger, LogLevel.Information, "Probe of {0}", repeat);
            Say(logger, LogLevel.Critical, "Declared dead {0}", repeat);
            Say(swarm, LogLevel.Warning, "Silo {0} was declared dead", repeat);
        }

        Say(logger, LogLevel.Warning, "Of the same event id, but {0}", 1);
        Say(logger, LogLevel.Error, "No answer of {0}", 1);

        Assert.Equal(3 + (3 * 10) + 2, _lines.Texts.Count);
    }

    [Fact]
    public void Log_SiloStops_LeavesOutWhatCannotBeSentToItAndNothingElse()
    {
        var isStopping = new StrongBox<bool>();
        using var limit = new RepeatLimit(_lines, _time, isStopping);
        var messaging = limit.CreateLogger("Orleans.Messaging");
        foreach (var stops in new[] { false, true })
        {
            isStopping.Value = stops;
            Say(messaging, LogLevel.Error, "Failed to address message", 0, id: 100071);
            Say(messaging, LogLevel.Error, "Another", 0, id: 1);
            Say(limit.CreateLogger("Polly"), LogLevel.Warning, "Attempt", 0);
        }

        Assert.Equal(["Failed to address message", "Another", "Attempt", "Another"], _lines.Texts);
    }

    [Fact]
    public void Dispose_WithinAPeriod_TellsWhatWasLeftOut()
    {
        var logger = _limit.CreateLogger("Polly");
        for (var repeat = 0; repeat < 5; repeat++)
        {
            Say(logger, LogLevel.Error, "Attempt {0}", repeat);
        }

        _limit.Dispose();

        Assert.StartsWith("2 more such messages", _lines.Texts[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Warning", true)]
    [InlineData("Error", true)]
    [InlineData("Information", false)]
    public void AddConsole_LimitsUnlessMoreOfOrleansIsAskedFor(string level, bool isLimited)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Logging:LogLevel:Orleans"] = level })
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddLogging(logging => LogDefaults.AddConsole(logging, configuration));
        using var provider = services.BuildServiceProvider();

        Assert.IsType(isLimited ? typeof(RepeatLimit) : typeof(ConsoleLoggerProvider), Assert.Single(provider.GetServices<ILoggerProvider>()));
    }

    // As a LoggerMessage does; without an event id, as many of Orleans'.
    private static void Say(ILogger logger, LogLevel level, string template, int value, Exception? exception = null, int id = 0)
    {
        KeyValuePair<string, object?>[] state = [new("Value", value), new("{OriginalFormat}", template)];
        logger.Log(level, id, state, exception, (values, _) => string.Format(CultureInfo.InvariantCulture, (string)values[1].Value!, values[0].Value));
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public List<string> Texts { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
