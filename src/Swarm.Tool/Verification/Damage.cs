namespace Swarm.Tool.Verification;

/// <summary>One thing wrong with one object.</summary>
/// <param name="Object">Its name.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Costs">What it costs, for each context concerned.</param>
internal sealed record Damage(string Object, string Problem, IReadOnlyList<Cost> Costs);
