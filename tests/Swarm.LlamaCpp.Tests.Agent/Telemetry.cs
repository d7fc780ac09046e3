namespace Swarm.LlamaCpp.Tests.Agent;

/// <summary>What the agent feeds: a function of the position, so that a test knows it too.</summary>
public static class Telemetry
{
    public const int MaxPositions = 1024;
    public const int Step = 64;

    private static readonly int[] _lengths = [30, 1, 1, 64, 7];

    public static LlamaCppOptions Options => new() { Threads = 2 };

    /// <summary>The step at a position, of a length that follows from it, and ends at the end.</summary>
    public static int[] StepAt(int position, int end, int vocabulary) =>
    [
        .. Enumerable.Range(position, Math.Min(_lengths[position % _lengths.Length], end - position)).Select(at => (int)((at * 2_654_435_761L) % vocabulary)),
    ];
}
