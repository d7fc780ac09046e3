using Microsoft.Extensions.Configuration;
using Swarm.Host.Logging;
using Xunit;

namespace Swarm.Host.Tests;

/// <summary>The time of a log line says which time it is.</summary>
public sealed class LogDefaultsTests
{
    private const string Format = "Logging:Console:FormatterOptions:TimestampFormat";

    [Theory]
    [InlineData(null, null, "fffZ")]
    [InlineData(null, "true", "fffZ")]
    [InlineData(null, "False", "fffzzz")]
    [InlineData("json", "false", "fffzzz")]
    [InlineData("simple", "false", "fffzzz ")]
    [InlineData("simple", null, "fffZ ")]
    public void Settings_Timestamp_HasTheZoneThatItIsOf(string? formatter, string? isUtc, string end)
    {
        var given = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Logging:Console:FormatterName"] = formatter,
                ["Logging:Console:FormatterOptions:UseUtcTimestamp"] = isUtc,
            })
            .Build();

        Assert.EndsWith(end, LogDefaults.Settings(given)[Format], StringComparison.Ordinal);
    }
}
