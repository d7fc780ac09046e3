using DroneHandoff.Cli;

namespace DroneHandoff.Tests.Cli;

/// <summary>Each bad option is told clearly, before anything starts, and ends with code 2.</summary>
public sealed class DemoCommandTests
{
    [Fact]
    public async Task InvokeAsync_NoOptions_HasTheDocumentedDefaults()
    {
        var (code, options, error) = await InvokeAsync();

        Assert.Equal(0, code);
        Assert.Equal("", error);
        Assert.NotNull(options);
        Assert.Equal(new StoreChoice(StoreKind.File), options.Store);
        Assert.Equal(HandoffKind.Planned, options.Handoff);
        Assert.False(options.LosesSilo);
        Assert.Equal(4096, options.Positions);
        Assert.Equal("tiny", options.Model);
        Assert.Equal("m2zoom.SRT", options.Flight.Source);
        Assert.Equal("", options.JsonPath);
    }

    [Fact]
    public async Task InvokeAsync_EveryOption_IsRead()
    {
        var json = Path.GetTempFileName();
        try
        {
            var (code, options, _) = await InvokeAsync(
                "--store", "azurite", "--handoff", "crash", "--lose-silo", "--positions", "500", "--model", "small", "--telemetry",
                Path.Combine(Recordings.Folder, "p4_rtk.SRT"), "--json", json, "--seed", "7");

            Assert.Equal(0, code);
            Assert.NotNull(options);
            Assert.Equal(StoreKind.Azurite, options.Store.Kind);
            Assert.Equal(HandoffKind.Crash, options.Handoff);
            Assert.True(options.LosesSilo);
            Assert.Equal((500, "small", 55, json, 7), (
                options.Positions, options.Model, options.Flight.RecordedCount, options.JsonPath, options.Seed));
        }
        finally
        {
            File.Delete(json);
        }
    }

    [Theory]
    [InlineData("--store", "disk", "--store 'disk' is neither 'file', 'azurite' nor")]
    [InlineData("--handoff", "abrupt", "--handoff 'abrupt' is neither 'planned' nor 'crash'.")]
    [InlineData("--positions", "63", "--positions '63' is not a whole number from 64 to 262144.")]
    [InlineData("--positions", "many", "--positions 'many' is not a whole number")]
    [InlineData("--positions", "99999999999", "--positions '99999999999' is not a whole number")]
    [InlineData("--seed", "-1", "--seed '-1' is not a whole number from 0")]
    [InlineData("--model", "huge", "--model 'huge' is neither 'tiny', 'small' nor a directory with a config.json.")]
    [InlineData("--telemetry", "no-such.SRT", "--telemetry 'no-such.SRT' cannot be read")]
    [InlineData("--json", "/no-such-folder/out.json", "--json '/no-such-folder/out.json' cannot be written")]
    [InlineData("--speed", "9", "--speed")]
    public async Task InvokeAsync_BadOption_SaysWhyAndEndsWithTwo(string option, string value, string expected)
    {
        var (code, options, error) = await InvokeAsync(option, value);

        Assert.Equal(2, code);
        Assert.Null(options);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_MalformedTelemetry_NamesFileAndLine()
    {
        var (code, _, error) = await InvokeAsync(
            "--telemetry", Path.Combine(Recordings.Folder, "broken_incomplete2.SRT"));

        Assert.Equal(2, code);
        Assert.Contains("broken_incomplete2.SRT, line 17: expected ']'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_TelemetryThatWasCutOff_GoesOnWithAWarning()
    {
        var (code, options, error) = await InvokeAsync(
            "--telemetry", Path.Combine(Recordings.Folder, "broken_incomplete.SRT"));

        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Equal(19, options!.Flight.RecordedCount);
        Assert.Contains("broken_incomplete.SRT was cut off", Assert.Single(options.Flight.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvokeAsync_SeveralFaults_TellsThemAll()
    {
        var (_, _, error) = await InvokeAsync("--store", "disk", "--seed", "x", "--handoff", "y");

        Assert.Contains("--store", error, StringComparison.Ordinal);
        Assert.Contains("--seed", error, StringComparison.Ordinal);
        Assert.Contains("--handoff", error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, DemoOptions? Options, string Error)> InvokeAsync(params string[] arguments)
    {
        DemoOptions? read = null;
        var error = new StringWriter();
        var code = await new DemoCommand().InvokeAsync(
            arguments,
            error,
            (options, _) =>
            {
                read = options;
                return Task.FromResult(0);
            });
        return (code, read, error.ToString());
    }
}
