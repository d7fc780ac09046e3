using DroneHandoff.Options;
using DroneHandoff.Tokens;

namespace DroneHandoff.Outcome;

/// <summary>What a run must show for its exit code to be 0.</summary>
internal static class Promises
{
    /// <summary>Judges a run.</summary>
    /// <param name="kind">How the predecessor left.</param>
    /// <param name="result">What the run found out.</param>
    /// <returns>Every promise, in the order in which they are told.</returns>
    public static IReadOnlyList<Promise> Judge(HandoffKind kind, HandoffResult result)
    {
        var left = result.Left;
        var b = result.Rehydrated;
        var standby = result.StoodBy;
        var missing = standby.DurableTokens - standby.DurableKv;
        var promises = new List<Promise>
        {
            new($"Drone B computes with the numerics identity of drone A{(b.OtherNumerics.Length > 0 ? $", not with {b.OtherNumerics}" : "")}",
                b.OtherNumerics.Length == 0),
            new("The next 64 tokens' logits of the rehydrated drone are the twin's, bit for bit, as of the same numerics identity",
                result.IsBitIdentical(b)),
            new("The next 64 tokens' logits of the standby are the twin's, bit for bit, as of the same numerics identity",
                result.IsBitIdentical(standby) && standby.OtherNumerics.Length == 0),
            new($"The standby read no KV again: it held {standby.Held} of {standby.Positions} positions, loaded {standby.Loaded}, and "
                + $"recomputed {standby.Recomputed}, the {missing} whose KV was not durable",
                standby.Held == standby.DurableKv
                && standby.Loaded == 0
                && standby.Bytes == 0
                && standby.Recomputed == missing
                && standby.Positions == standby.DurableTokens
                && standby.Positions == b.Positions
                && standby.Readings == b.Readings
                && standby.Followed is { Recomputed: 0 }),
            new($"All {left.DurableTokens} tokens that were acknowledged to drone A are there ({b.DurableTokens} durable)",
                b.DurableTokens >= left.DurableTokens && b.Positions == b.DurableTokens),
            new($"All {left.DurableKv} positions' KV that were acknowledged are there ({b.DurableKv} durable)",
                b.DurableKv >= left.DurableKv),
            new($"Loaded {b.Loaded} and recomputed {b.Recomputed} make up {b.Positions} positions",
                b.Loaded + b.Recomputed == b.Positions),
            new($"{b.Readings} readings are in them, none twice, none left out",
                TokenVocabulary.TokensOf(b.Readings) == b.Positions),
            new($"The epoch rose from {result.EpochBefore} to {standby.Epoch}: each release and each take-over raises it by 1",
                standby.Epoch > result.EpochBefore),
        };
        if (kind == HandoffKind.Planned)
        {
            promises.Add(new($"Nothing was recomputed ({b.Recomputed})", b.Recomputed == 0));
            promises.Add(new(
                $"All {left.Positions} positions were durable when drone A left",
                left.DurableTokens == left.Positions && left.DurableKv == left.Positions));
        }
        else
        {
            var notDurable = b.DurableTokens - b.DurableKv;
            promises.Add(new(
                $"Recomputed {b.Recomputed}, at most the {notDurable} whose KV was not durable yet",
                b.Recomputed <= notDurable));
        }

        promises.Add(new(
            $"The zombie's append was refused: {result.StaleAppend.Answer}", result.StaleAppend.IsRefused));
        return promises;
    }
}
