namespace Swarm.EndToEnd.Tests;

/// <summary>Code in documents.</summary>
internal static class Readmes
{
    /// <summary>The first code block of a language.</summary>
    /// <param name="text">The document.</param>
    /// <param name="language">The language, as the block names it.</param>
    public static string Block(string text, string language)
    {
        var fence = $"```{language}\n";
        var begin = text.IndexOf(fence, StringComparison.Ordinal) + fence.Length;
        return text[begin..text.IndexOf("```", begin, StringComparison.Ordinal)];
    }
}
