namespace Swarm.Client.Tests.Agent;

/// <summary>What the agent feeds: a function of the position, so that a test knows it too.</summary>
public static class Steps
{
    /// <summary>The step at a position: 1 to 7 tokens.</summary>
    public static int[] At(long position) =>
        [.. Enumerable.Range(0, 1 + (int)(position * 5 % 7)).Select(offset => (int)((position + offset) * 31 % 97))];
}
