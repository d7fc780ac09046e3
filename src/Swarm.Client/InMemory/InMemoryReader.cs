using System.Runtime.CompilerServices;
using Swarm.Client.Rehydration;
using Swarm.Client.Streaming;
using Swarm.Core.Blocks;
using Swarm.Format.Frames;

namespace Swarm.Client.InMemory;

/// <summary>Reads a context of a swarm in memory.</summary>
internal sealed class InMemoryReader(InMemoryStore store, InMemoryContext context) : IContextReader
{
    public Watermarks Durable => store.Describe(context).Durable;

    public ModelFingerprint Model => context.Model;

    public async Task<RehydrationReport> RehydrateAsync(
        IKvRuntime runtime, RehydrationStrategy strategy, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        using var claim = RuntimeClaim.ForReader(runtime, context.Name, Model);
        return (await FillAsync(store, context, claim, strategy, cancellationToken).ConfigureAwait(false)).Report;
    }

    public async IAsyncEnumerable<InputRun> ReadInputsAsync(
        long firstPosition, long count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPosition);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        InputRun run;
        lock (store.Lock)
        {
            var first = (int)Math.Min(firstPosition, context.Inputs.Length);
            run = Cut(context.Inputs.Slice(first, int.MaxValue), (int)Math.Min(count, int.MaxValue));
        }

        if (!run.Tokens.IsEmpty)
        {
            yield return run;
        }
    }

    public async Task<IReadOnlyList<NamedState>> ReadStatesAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        lock (store.Lock)
        {
            return [.. context.States.Values.OrderBy(state => state.Name, StringComparer.Ordinal)];
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Gives a runtime the memory of a context.</summary>
    /// <returns>The inputs, the runtime, and what it took.</returns>
    public static async Task<(InputHistory History, RuntimeDriver? Driver, RehydrationReport Report)> FillAsync(
        InMemoryStore store, InMemoryContext context, RuntimeClaim? claim, RehydrationStrategy strategy, CancellationToken cancellationToken)
    {
        var started = store.TimeProvider.GetTimestamp();
        InputRun inputs;
        IReadOnlyList<InMemoryContext.KvRun> kv;
        NumericsHistory numerics;
        lock (store.Lock)
        {
            (inputs, kv, numerics) = (context.Inputs.Slice(0, int.MaxValue), context.Kv, context.Numerics);
        }

        var history = new InputHistory(new PrefixHasher(TenantKey.Create(), context.Model, context.BlockTokens));
        history.AppendRun(inputs);
        if (claim is null)
        {
            return (history, null, Report(0, 0));
        }

        var runtime = claim.Runtime;
        if (history.Length > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"Context '{context.Name}' has {history.Length} positions; the runtime holds {runtime.MaxPositions}. "
                + "Give the model a larger cache, or rewind the context.");
        }

        var driver = new RuntimeDriver(runtime, history, claim.Steps);
        driver.Clear();
        var loaded = 0;
        long bytes = 0;
        foreach (var run in strategy == RehydrationStrategy.Recompute ? [] : kv)
        {
            KvPayload.Decode(runtime.Model.Geometry, run.First, run.Count, run.Payload, run.First, run.Count, runtime.WriteKv);
            loaded = run.End;
            bytes += run.Count * runtime.Model.Geometry.BytesPerPosition;
        }

        if (loaded > 0)
        {
            runtime.CommitImported(loaded);
            driver.NoteImported();
        }

        var recomputed = loaded == history.Length ? 0 : await driver.RunAsync(() => driver.CatchUp(cancellationToken)).ConfigureAwait(false);
        return (history, driver, Report(recomputed, bytes) with { Numerics = runtime.Numerics, OtherNumerics = numerics.OthersThan(runtime.Numerics) });

        RehydrationReport Report(long computed, long read)
        {
            var elapsed = store.TimeProvider.GetElapsedTime(started);
            return RehydrationReport.None with
            {
                Positions = history.Length,
                Loaded = claim is null ? 0 : history.Length - computed,
                Recomputed = computed,
                Bytes = read,
                Tier = read > 0 ? KvTier.Memory : KvTier.None,
                Elapsed = elapsed,
                RecomputeElapsed = computed > 0 ? elapsed : TimeSpan.Zero,
            };
        }
    }

    private static InputRun Cut(InputRun run, int count)
    {
        if (run.Tokens.Length <= count)
        {
            return run;
        }

        List<int> steps = [];
        var rest = count;
        foreach (var step in run.Steps.Span)
        {
            if (rest == 0)
            {
                break;
            }

            steps.Add(Math.Min(step, rest));
            rest -= steps[^1];
        }

        return new InputRun(run.FirstPosition, run.Tokens[..count], steps.ToArray());
    }
}
