using Swarm.Format.Manifests;
using Swarm.Format.Objects;
using Swarm.Format.Segments;
using Swarm.Storage;
using Swarm.Storage.Log;
using Swarm.Storage.State;

namespace Swarm.Tool.Verification;

/// <summary>
/// Folds what a log holds behind a root (protocol, rule 15). Ends at the first missing number, where recovery would
/// put its seal; goes on over segments that were durable and are lost, as recovery does.
/// </summary>
/// <param name="segments">The log's segments.</param>
/// <param name="holes">Tells which of them are lost.</param>
internal sealed class TailFolder(SegmentCache segments, LogHoles holes)
{
    /// <summary>What is said of a segment that is lost.</summary>
    public const string Lost = "it was durable and is missing";

    /// <summary>Folds one tail of a walk.</summary>
    public async Task FoldAsync(ContextWalk walk, LogPosition tail)
    {
        var sequence = tail.Sequence;
        long records = 0;
        var isSealed = false;
        try
        {
            for (; ; sequence++)
            {
                if (await segments.ReadAsync(tail.Writer, sequence) is not { } segment)
                {
                    if (!await holes.IsLostAsync(tail.Writer, sequence))
                    {
                        break;
                    }

                    walk.Damage.Add(BlobNames.Log(tail.Writer, sequence), Lost);
                    walk.State?.Losses.Miss(tail with { Sequence = sequence }, walk.State.Inputs.Length);
                    continue;
                }

                walk.Needed.Add(BlobNames.Log(tail.Writer, sequence));
                if (segment.IsSeal)
                {
                    isSealed = true;
                    break;
                }

                records += Fold(walk, segment);
            }
        }
        catch (CorruptObjectException error)
        {
            var name = BlobNames.Log(tail.Writer, sequence);
            walk.Needed.Add(name);
            walk.Damage.Add(
                name, error.Message, walk.Cost(CostKind.CannotOpen), walk.Cost(CostKind.InputsLost, walk.TokenLength));
            walk.Tails.Add(new TailFold(tail, sequence, records, false));
            return;
        }

        walk.Tails.Add(new TailFold(tail, sequence, records, isSealed));
        AddLosses(walk);
    }

    private static void AddLosses(ContextWalk walk)
    {
        if (walk.State is not { Losses: { Missing: [var lost, ..] } losses } state)
        {
            return;
        }

        if (losses.Found is { } loss)
        {
            walk.AddLoss(loss);
        }

        var end = Math.Min(losses.LostKvEnd, state.Inputs.Length);
        if (end > state.Extents.Length)
        {
            walk.Damage.Add(BlobNames.Log(lost.Writer, lost.Sequence), Lost, walk.Cost(CostKind.KvRecomputed, state.Extents.Length, end));
        }
    }

    private static long Fold(ContextWalk walk, Segment segment)
    {
        if (walk.State is not { } state)
        {
            return 0;
        }

        long count = 0;
        foreach (var record in segment.Records)
        {
            if (record.Context != walk.Id || record.IncarnationId != walk.Root!.IncarnationId)
            {
                continue;
            }

            var fits = state.Fits(record, walk.Root.IncarnationId, ProtocolRules.All);
            state.Losses.See(record, fits, state.Inputs.Length, state.Epoch);
            if (!fits)
            {
                continue;
            }

            if (record is TruncateRecord truncate && !LoadForRewind(walk, state, truncate))
            {
                walk.State = null; // The damaged page was named when it was read.
                return count;
            }

            state.Apply(record);
            count++;
        }

        return count;
    }

    /// <summary>Takes pages that a rewind cuts back into the tails. False: one of inputs is damaged.</summary>
    private static bool LoadForRewind(ContextWalk walk, DurableContext state, TruncateRecord truncate)
    {
        while (state.Inputs.SealedPages is [.., var page] && page.EndPosition > truncate.Length)
        {
            if (!walk.InputPages.TryGetValue(page, out var content))
            {
                return CannotOpen(walk, page);
            }

            state.Inputs.LoadTail(page, content.StartHash, content.Runs);
        }

        while (state.Extents.SealedPages is [.., var page] && page.EndPosition > truncate.KvLength)
        {
            state.Extents.LoadTail(page, walk.ExtentPages.GetValueOrDefault(page) ?? [LostKv.Of(page)]);
        }

        return true;
    }

    private static bool CannotOpen(ContextWalk walk, PageRef page)
    {
        walk.Damage.Add(
            walk.NameOf(page), "a rewind behind the root needs it", walk.Cost(CostKind.CannotOpen));
        return false;
    }
}
