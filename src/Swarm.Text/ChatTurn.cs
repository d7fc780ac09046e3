namespace Swarm;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks, in the template's words: most know <c>system</c>, <c>user</c>, <c>assistant</c> and <c>tool</c>.</param>
/// <param name="Content">What is said. Names of special tokens in it stay text: see <see cref="ChatFormat.Encode"/>.</param>
public sealed record ChatTurn(string Role, string Content);
