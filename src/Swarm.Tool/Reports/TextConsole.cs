using Spectre.Console;

namespace Swarm.Tool.Reports;

/// <summary>A console on a writer: lines as long as they are where the output is not a terminal, so that it can be searched.</summary>
internal static class TextConsole
{
    /// <summary>Characters of a table's line where there is no terminal to ask.</summary>
    public const int TableChars = 80;

    private const int MinTableChars = 60;
    private const int UnbrokenChars = 1 << 20;

    /// <summary>Makes a console.</summary>
    public static IAnsiConsole Create(TextWriter output)
    {
        var isTerminal = IsTerminal(output);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        if (!isTerminal)
        {
            console.Profile.Width = UnbrokenChars;
        }

        return console;
    }

    /// <summary>Characters of a table's line.</summary>
    public static int WidthOf(TextWriter output) =>
        IsTerminal(output) ? Math.Max(MinTableChars, Create(output).Profile.Width) : TableChars;

    private static bool IsTerminal(TextWriter output) => ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
}
