namespace Swarm.Text.Tokens;

/// <summary>A token that is looked for in the text before all else.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether it is of the model's control language: it gives no text, and is found in trusted text alone.</param>
/// <param name="IsNormalized">Whether it is looked for in normalized text.</param>
/// <param name="TakesLeft">Whether it takes white space before it.</param>
/// <param name="TakesRight">Whether it takes white space behind it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool IsNormalized = false, bool TakesLeft = false, bool TakesRight = false)
{
    /// <summary>The most characters of one; what it costs to look for tokens at one place grows with it.</summary>
    public const int MaxLength = 1024;
}
