namespace Swarm.Testing.Fuzzing;

/// <summary>What a parser made of an input.</summary>
/// <param name="Label">What kind of value it gave; equal labels mean the same behaviour.</param>
/// <param name="Check">Checks the value, outside the bound of memory; throws for one that must not be.</param>
public readonly record struct FuzzOutcome(string Label, Action? Check = null);
