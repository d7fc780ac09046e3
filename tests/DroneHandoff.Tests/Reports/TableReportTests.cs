using DroneHandoff.Options;
using DroneHandoff.Outcome;
using DroneHandoff.Reports;
using DroneHandoff.Telemetry;
using Spectre.Console;

namespace DroneHandoff.Tests.Reports;

/// <summary>The table: every strategy, every promise, and text that looks like markup left alone.</summary>
public sealed class TableReportTests
{
    [Fact]
    public void Write_Result_ShowsStrategiesAndPromises()
    {
        var shown = Show(Results.Crash);

        Assert.Contains("standby", shown, StringComparison.Ordinal);
        Assert.Contains("rehydrate", shown, StringComparison.Ordinal);
        Assert.Contains("re-prefill", shown, StringComparison.Ordinal);
        Assert.Contains("cold", shown, StringComparison.Ordinal);
        Assert.Contains("identical", shown, StringComparison.Ordinal);
        Assert.Contains("'differ' is no failure", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("…", shown, StringComparison.Ordinal);
        Assert.Contains("[current: 3]", shown, StringComparison.Ordinal);
        Assert.Contains("2.00 times as long: the median of the turns", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("BROKEN", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Result_TellsHowTheStandbyHadFollowed()
    {
        var shown = string.Join(' ', Show(Results.Crash).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains("held 4,100 positions, and reached its first token 5.0 times sooner than rehydration", shown, StringComparison.Ordinal);
        Assert.Contains("by 2 inputs and 1 positions' KV, for 0.5 ms, and had connected anew 1 times", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, "2.5 times sooner than re-prefill")]
    [InlineData(12.5, "1.0 times sooner than re-prefill")]
    [InlineData(80, "6.4 times later than re-prefill")]
    public void Write_Result_TellsWhetherRehydrationWasSoonerOrLater(double milliseconds, string expected) =>
        Assert.Contains(
            expected,
            Show(Results.Crash.WithRehydrated(b => b with { TimeToFirstTokenMs = milliseconds })),
            StringComparison.Ordinal);

    private static string Show(HandoffResult result)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 80;
        var options = new DemoOptions(
            new DemoStore(StoreKind.File), HandoffKind.Crash, false, 4096, "tiny",
            new RecordedSensor("x", new Flight("p4_rtk.SRT", Recordings.Read("p4_rtk.SRT"))), "", 42);

        TableReport.Write(
            console, options, result, Promises.Judge(HandoffKind.Crash, result));
        return text.ToString();
    }
}
