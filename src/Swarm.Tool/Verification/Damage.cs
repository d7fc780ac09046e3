using System.Text.Json.Serialization;
using Swarm.Format.Objects;

namespace Swarm.Tool.Verification;

/// <summary>One thing wrong with one object.</summary>
/// <param name="Object">Its name.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Costs">What it costs, for each context concerned.</param>
internal sealed record Damage(string Object, string Problem, IReadOnlyList<Cost> Costs)
{
    /// <summary>What to do, where contexts cannot be opened for it; <see langword="null"/> where there is nothing to do.</summary>
    public string? Remedy =>
        !Costs.Any(cost => cost.Kind == CostKind.CannotOpen) ? null
        : Object.StartsWith(BlobNames.LogsPrefix, StringComparison.Ordinal)
            ? "restore this object from a copy. Without a copy, move it away, in a folder store its file and not the folder: it then counts as missing, "
                + "and the contexts open with what is left. The loss is noted if the log goes on behind it"
            : "restore this object from a copy";

    /// <summary>The costs in words: what a context that cannot be opened would lose is not lost yet.</summary>
    [JsonIgnore]
    public IEnumerable<string> CostTexts => Costs.Select(cost => cost.Kind == CostKind.InputsLost
        && Costs.Any(other => other.Kind == CostKind.CannotOpen && other.Context == cost.Context)
            ? $"without a copy, {cost}"
            : $"{cost}");
}
