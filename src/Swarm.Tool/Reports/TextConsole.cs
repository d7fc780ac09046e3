using Spectre.Console;

namespace Swarm.Tool.Reports;

/// <summary>A console on a writer: tables as wide as they are where the output is not a terminal, so that it can be searched.</summary>
internal static class TextConsole
{
    private const int WideChars = 400;

    /// <summary>Makes a console.</summary>
    public static IAnsiConsole Create(TextWriter output)
    {
        var isTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!isTerminal)
        {
            console.Profile.Width = WideChars;
        }

        return console;
    }
}
