using System.Diagnostics;
using Spectre.Console;

namespace DroneHandoff.Reports;

/// <summary>Tells what the demo is doing, one line each, with the time since its start.</summary>
/// <param name="console">Where to.</param>
internal sealed class ProgressLog(IAnsiConsole console)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Tells something.</summary>
    /// <param name="text">What.</param>
    public void Say(string text) =>
        console.MarkupLineInterpolated($"[grey]{_clock.Elapsed.TotalSeconds,7:0.0} s[/]  {text}");

    /// <summary>Tells what is not as it should be, and did not keep the demo from going on.</summary>
    /// <param name="text">What.</param>
    public void Warn(string text) =>
        console.MarkupLineInterpolated($"[grey]{_clock.Elapsed.TotalSeconds,7:0.0} s[/]  [yellow]warning[/] {text}");
}
