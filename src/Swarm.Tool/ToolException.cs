namespace Swarm.Tool;

/// <summary>The command cannot do what was asked: exit code 2.</summary>
/// <param name="message">What is wrong, and what to do.</param>
internal sealed class ToolException(string message) : Exception(message);
