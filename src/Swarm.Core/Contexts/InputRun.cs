namespace Swarm;

/// <summary>Consecutive inputs of a context, with the steps in which the model took them.</summary>
/// <param name="FirstPosition">Position of <c>Tokens[0]</c>.</param>
/// <param name="Tokens">Token ids.</param>
/// <param name="Steps">
/// Lengths of the forward steps, each at least 1, that add up to the tokens: recomputing in the same steps gives
/// the same bits, because the batch shape is part of what a floating-point sum depends on.
/// </param>
public sealed record InputRun(long FirstPosition, ReadOnlyMemory<int> Tokens, ReadOnlyMemory<int> Steps);
