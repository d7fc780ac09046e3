namespace Swarm.Tool.Verification;

/// <summary>Damage found so far: one entry for each object and problem, whoever it costs.</summary>
internal sealed class DamageList
{
    private readonly Dictionary<(string Object, string Problem), List<Cost>> _entries = [];

    /// <summary>Entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Objects and problems.</summary>
    public IEnumerable<(string Object, string Problem)> Keys => _entries.Keys;

    /// <summary>Adds damage; runs of positions that touch become one.</summary>
    public void Add(string name, string problem, params ReadOnlySpan<Cost> costs)
    {
        if (!_entries.TryGetValue((name, problem), out var known))
        {
            _entries[(name, problem)] = known = [];
        }

        foreach (var cost in costs)
        {
            var last = known.Count > 0 ? known[^1] : null;
            if (last is not null && last.Kind == cost.Kind && last.Context == cost.Context && last.End == cost.First
                && cost.End is not null)
            {
                known[^1] = last with { End = cost.End };
            }
            else if (!known.Contains(cost))
            {
                known.Add(cost);
            }
        }
    }

    /// <summary>Takes over entries of another list.</summary>
    /// <param name="other">The list.</param>
    /// <param name="wanted">Which of them.</param>
    public void AddAll(DamageList other, Func<(string Object, string Problem), bool> wanted)
    {
        foreach (var (key, costs) in other._entries.Where(entry => wanted(entry.Key)))
        {
            Add(key.Object, key.Problem, [.. costs]);
        }
    }

    /// <summary>What was found, by object, the dearest first; an entry that costs nobody anything says so.</summary>
    public IReadOnlyList<Damage> ToReport() =>
    [
        .. _entries
            .Select(entry => new Damage(entry.Key.Object, entry.Key.Problem, Sorted(entry.Value)))
            .OrderByDescending(damage => damage.Costs[0].Kind)
            .ThenBy(damage => damage.Object, StringComparer.Ordinal),
    ];

    private static Cost[] Sorted(List<Cost> costs)
    {
        var real = costs.Where(cost => cost.Kind != CostKind.Nothing)
            .OrderByDescending(cost => cost.Kind).ThenBy(cost => cost.Context, StringComparer.Ordinal).ThenBy(cost => cost.First)
            .ToArray();
        return real.Length > 0 ? real : [new Cost(CostKind.Nothing)];
    }
}
