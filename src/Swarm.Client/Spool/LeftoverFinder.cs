using Swarm.Core.Blocks;

namespace Swarm.Client.Spool;

/// <summary>Finds out which inputs of a session that is over never became part of its context.</summary>
/// <param name="open">Opens a reader of the context.</param>
internal sealed class LeftoverFinder(Func<CancellationToken, Task<ContextReader>> open)
{
    /// <summary>Compares what a session has fed with what its context holds.</summary>
    /// <param name="fed">The session's inputs from a position on at which everything before was durable.</param>
    /// <param name="discard">Carries out <see cref="SpoolLeftover.Discard"/>.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What is left over, or <see langword="null"/>.</returns>
    public async Task<SpoolLeftover?> FindAsync(Fed fed, Action discard, CancellationToken cancellationToken)
    {
        if (fed.Inputs.Tokens.IsEmpty)
        {
            return null;
        }

        var (follows, kept) = await CompareAsync(fed, cancellationToken).ConfigureAwait(false);
        if (kept == fed.Inputs.Tokens.Length)
        {
            return null;
        }

        var rest = new InputRun(
            fed.Inputs.FirstPosition + kept, fed.Inputs.Tokens[kept..], StepsBehind(fed.Inputs.Steps.Span, kept));
        return new SpoolLeftover(fed.Context, fed.Epoch, follows, rest, fed.States, fed.Fault, discard);
    }

    /// <summary>Whether the context goes on with the inputs, and how many of them it holds.</summary>
    private async Task<(bool Follows, int Kept)> CompareAsync(Fed fed, CancellationToken cancellationToken)
    {
        ContextReader reader;
        try
        {
            reader = await open(cancellationToken).ConfigureAwait(false);
        }
        catch (SwarmRefusedException refused) when (refused.Refusal.Code == RefusalCode.NotFound)
        {
            return (false, 0);
        }

        await using (reader.ConfigureAwait(false))
        {
            var first = fed.Inputs.FirstPosition;
            var durable = reader.Durable.Tokens;
            if (reader.Model != fed.Model || durable < first)
            {
                return (false, 0);
            }

            // A later session may have rewound further than that, and fed other inputs since.
            var hasher = reader.NewHasher();
            await foreach (var run in reader.ReadInputsAsync(0, first, cancellationToken).ConfigureAwait(false))
            {
                hasher.Append(run.Tokens.Span);
            }

            if (hasher.Position != first || hasher.Current() != fed.PrefixHash)
            {
                return (false, 0);
            }

            var kept = 0;
            await foreach (var run in reader.ReadInputsAsync(
                first, Math.Min(durable - first, fed.Inputs.Tokens.Length), cancellationToken).ConfigureAwait(false))
            {
                var common = run.Tokens.Span.CommonPrefixLength(fed.Inputs.Tokens.Span[kept..]);
                kept += common;
                if (common < run.Tokens.Length)
                {
                    break;
                }
            }

            return (true, kept);
        }
    }

    private static int[] StepsBehind(ReadOnlySpan<int> steps, int count)
    {
        List<int> behind = [];
        var end = 0;
        foreach (var step in steps)
        {
            end += step;
            if (end > count)
            {
                behind.Add(Math.Min(step, end - count));
            }
        }

        return [.. behind];
    }

    /// <summary>What a session has fed.</summary>
    /// <param name="Context">Context name.</param>
    /// <param name="Model">Its model.</param>
    /// <param name="Epoch">The session's epoch.</param>
    /// <param name="PrefixHash">Chain hash through the inputs before.</param>
    /// <param name="Inputs">The inputs.</param>
    /// <param name="States">The states.</param>
    /// <param name="Fault">What is missing of them.</param>
    internal sealed record Fed(
        string Context,
        ModelFingerprint Model,
        Epoch Epoch,
        BlockHash PrefixHash,
        InputRun Inputs,
        IReadOnlyList<NamedState> States,
        string? Fault);
}
