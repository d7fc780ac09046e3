using Swarm.Core.Blocks;

namespace Swarm.Tool.Verification;

/// <summary>Holds the chain hash of each KV extent against the inputs that the context has: KV of other inputs is not its KV.</summary>
internal static class ChainCheck
{
    /// <summary>Checks a walk whose inputs and key could be read.</summary>
    public static void Check(ContextWalk walk)
    {
        if (walk is not { State: { } state, Key: { } key, Root: { } root }
            || !state.Inputs.SealedPages.All(walk.InputPages.ContainsKey))
        {
            return;
        }

        int[] tokens =
        [
            .. state.Inputs.SealedPages.SelectMany(page => Tokens(walk.InputPages[page].Runs, page.FirstPosition)),
            .. Tokens(state.Inputs.TailRuns(), state.Inputs.TailStart),
        ];
        var hasher = new PrefixHasher(key, root.Model, root.BlockTokens);
        foreach (var extent in walk.Extents)
        {
            var count = (int)(Math.Min(extent.EndPosition, tokens.Length) - hasher.Position);
            hasher.Append(tokens.AsSpan((int)hasher.Position, Math.Max(0, count)));
            if (hasher.Position != extent.EndPosition || hasher.Current() != extent.PrefixHash)
            {
                walk.Damage.Add(
                    walk.ObjectOf(extent),
                    "its KV is of other inputs than the context has: the chain hashes differ",
                    walk.Cost(CostKind.KvRecomputed, extent.FirstPosition, extent.EndPosition));
            }
        }
    }

    // A page repeats inputs from before its first position.
    private static IEnumerable<int> Tokens(IEnumerable<InputRun> runs, long firstPosition) => runs
        .Where(run => run.FirstPosition >= firstPosition)
        .SelectMany(run => run.Tokens.ToArray());
}
