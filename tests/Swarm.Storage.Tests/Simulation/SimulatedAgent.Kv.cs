using System.Runtime.ExceptionServices;
using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Storage.Contexts;

namespace Swarm.Storage.Tests.Simulation;

/// <content>Appends of KV.</content>
internal sealed partial class SimulatedAgent
{
    private async Task<bool> AppendKvAsync()
    {
        var count = 1 + Random.Next(Math.Min(64, _view.Count - _kv));
        var key = await KeyAsync();
        if (key is null)
        {
            return true;
        }

        KvAppend[] pieces = [.. Cut(count).Select(piece => SmallModel.Kv(key, [.. _view], _kv + piece.First, piece.Count))];
        if (!await CallAsync(context => AppendInOrderAsync(context, pieces)))
        {
            return false;
        }

        _kv += count;
        Trace.Write(world, name, $"{spec.Name}: appended KV up to {_kv} in epoch {_proof.Epoch}");
        oracle.KvAppended(_proof.Epoch.Value, _kv);
        return true;
    }

    /// <summary>One to four pieces of a run.</summary>
    private (int First, int Count)[] Cut(int count)
    {
        int[] cuts = [0, .. Enumerable.Range(0, Random.Next(4)).Select(_ => Random.Next(count)).Where(cut => cut > 0).Distinct().Order(), count];
        return [.. cuts.Zip(cuts.Skip(1), (first, end) => (first, end - first))];
    }

    /// <summary>Appends runs, all under way at once; the first that is refused tells.</summary>
    private async ValueTask<Watermarks> AppendInOrderAsync(IOpenContext context, KvAppend[] pieces)
    {
        Task<Watermarks>[] calls = [.. pieces.Select(piece => context.AppendKvAsync(_proof, piece, default).AsTask())];
        Watermarks durable = default;
        Exception? first = null;
        foreach (var call in calls)
        {
            try
            {
                durable = await call;
            }
            catch (SwarmRefusedException error) when (error.Refusal.Code == RefusalCode.Gap && call != calls[0])
            {
                first ??= new TimeoutException("A silo whose calls overtake each other met a later run first.");
            }
            catch (Exception error)
            {
                first ??= error;
            }
        }

        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return durable;
    }

    /// <summary>KV sent again for a run that a read here is said to have found damaged: it takes that place, and nothing else changes.</summary>
    private async Task<bool> RepairKvAsync()
    {
        if (_kv == 0 || await KeyAsync() is not { } key)
        {
            return true;
        }

        return await CallAsync(async context => await SendAgainAsync(context, key).WaitAsync(CallTimeout, world.Time));
    }

    private async Task<Watermarks> SendAgainAsync(IOpenContext context, TenantKey key)
    {
        await foreach (var run in context.ReadKvAsync(Random.Next(_kv), 1, KvReading.IntoMemory, default))
        {
            using (run)
            {
                var (first, end) = ((int)run.FirstPosition, (int)run.FirstPosition + run.Count);
                if (end <= _kv)
                {
                    ((OpenContext)context).Incarnation.Damage.Note(first, end);
                    Trace.Write(world, name, $"{spec.Name}: sends KV from {first} to {end} again in epoch {_proof.Epoch}");
                    return await context.AppendKvAsync(_proof, SmallModel.Kv(key, [.. _view], first, end - first), default);
                }
            }
        }

        return context.Status.Durable;
    }

    /// <summary>KV that lags behind a rewind, sent by the very session that rewound: it must never attach to other tokens.</summary>
    private async Task<bool> AppendLateKvAsync()
    {
        var end = Math.Min(_before.Length, _view.Count);
        if (end <= _kv || _before.AsSpan(0, end).SequenceEqual([.. _view[..end]]) || await KeyAsync() is not { } key)
        {
            return true;
        }

        var kv = SmallModel.Kv(key, _before, _kv, end - _kv);
        try
        {
            await (await OpenAsync()).AppendKvAsync(_proof, kv, default).AsTask().WaitAsync(CallTimeout, world.Time);
        }
        catch (StaleEpochException)
        {
            return false;
        }
        catch (Exception error) when (error is SwarmRefusedException or TimeoutException)
        {
            await PauseAsync();
        }

        return true;
    }
}
