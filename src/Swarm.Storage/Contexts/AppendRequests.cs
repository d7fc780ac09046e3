using Swarm.Core.Blocks;
using Swarm.Core.Contexts;
using Swarm.Core.Sessions;
using Swarm.Format.Segments;
using Swarm.Storage.Compaction;
using Swarm.Storage.Hosting;
using Swarm.Storage.Reading;
using Swarm.Storage.Tiers;

namespace Swarm.Storage.Contexts;

/// <summary>Appends to one open context (protocol, rule 7). Runs on the store's loop.</summary>
internal sealed class AppendRequests(
    ContextIncarnation context, ContextServices services, PageLoader loader, IncarnationReader reader)
{
    /// <summary>Most tokens of one append.</summary>
    public const int MaxTokens = 65_536;

    /// <summary>Most pages of a manifest, so that its root stays small.</summary>
    private const int MaxPages = 100;

    private readonly KvRepairer _repairer = new(context, services);

    /// <summary>See <see cref="IOpenContext.AppendInputsAsync"/>.</summary>
    public async Task<Watermarks> AppendInputsAsync(
        SessionProof proof, InputRun inputs, IReadOnlyList<NamedState> states)
    {
        var queued = new List<Task>(1 + states.Count);
        await context.Gate.WaitAsync();
        try
        {
            context.RequireHolder(proof);
            CheckInputs(inputs);
            var missing = await CutRepeatedAsync(proof, inputs);
            CheckStates(inputs, states);
            CheckRoom();
            if (!missing.Tokens.IsEmpty)
            {
                queued.Add(context.QueueTokens(missing.Tokens.ToArray(), missing.Steps.ToArray()));
            }

            queued.AddRange(states.Select(context.QueueState));
        }
        finally
        {
            context.Gate.Release();
        }

        foreach (var record in queued)
        {
            await record; // One by one: WhenAll would hop to the thread pool.
        }

        return context.Durable.Watermarks;
    }

    /// <summary>See <see cref="IOpenContext.AppendKvAsync"/>.</summary>
    /// <param name="proof">The holder's proof.</param>
    /// <param name="kv">The run, its frames verified.</param>
    /// <param name="checksum">Checksum of the frames.</param>
    /// <param name="lease">Memory that holds the frames; taken over.</param>
    public async Task<Watermarks> AppendKvAsync(SessionProof proof, KvAppend kv, ulong checksum, TierLease lease)
    {
        using var hold = lease;
        var isLarge = lease.Memory.Length > services.Options.LargeRecordBytes;
        var payload = new PayloadRef(default, 0, lease.Memory.Length, checksum);
        KvAppendQueue.Turn? turn = null;
        Task<LogRecord>? queued = null;
        await context.Kv.Gate.WaitAsync();
        try
        {
            if (!isLarge && context.Kv.IsIdle)
            {
                queued = await TryQueueAsync(proof, kv, payload, lease.Memory, lease, isUrgent: false);
            }
            else if (await IsNextAsync(proof, kv))
            {
                turn = context.Kv.Enter(kv.FirstPosition + kv.Count);
            }
        }
        finally
        {
            context.Kv.Gate.Release();
        }

        if (turn is not null)
        {
            await using var _ = turn;
            ReadOnlyMemory<byte> content = lease.Memory;
            if (isLarge)
            {
                var (chunk, offset) = await ChunkWriter.WriteAsync(services, context, content, isLogged: true);
                payload = payload with { Object = chunk, Offset = offset };
                content = default;
            }

            // The last one under way does not wait for others to share its segment: there has been enough to wait for.
            await turn.WaitForThoseBeforeAsync();
            queued = await TryQueueAsync(proof, kv, payload, content, lease, isUrgent: isLarge && turn.IsLast);
        }

        if (queued is null)
        {
            await _repairer.RepairAsync(proof, kv, checksum, lease);
        }
        else if (await queued is KvRecord durable)
        {
            services.Memory.Publish(durable.Payload, new TierPlace(context.Id, durable.Position), lease);
        }

        return context.Durable.Watermarks;
    }

    /// <summary>Queues a run that is the next one; <see langword="null"/> when it is there already, and durable.</summary>
    private async Task<Task<LogRecord>?> TryQueueAsync(
        SessionProof proof, KvAppend kv, PayloadRef payload, ReadOnlyMemory<byte> content, TierLease lease, bool isUrgent)
    {
        await context.Gate.WaitAsync();
        try
        {
            if (await CheckKvAsync(proof, kv) is not { } hasher)
            {
                return null;
            }

            context.KvHasher = hasher;
            return context.QueueKv(kv, payload, content, lease.Share(), isUrgent);
        }
        finally
        {
            context.Gate.Release();
        }
    }

    /// <summary>Whether a run is the next one behind what is queued and under way, so that no chunk is written for one that will be refused.</summary>
    /// <returns>False: it is there already, and durable.</returns>
    private async Task<bool> IsNextAsync(SessionProof proof, KvAppend kv)
    {
        while (true)
        {
            await context.Gate.WaitAsync();
            try
            {
                if (context.Kv.IsIdle)
                {
                    return await CheckKvAsync(proof, kv) is not null;
                }

                context.RequireHolder(proof);
                if (kv.FirstPosition == context.Kv.End && kv.FirstPosition + kv.Count <= context.TokenLength)
                {
                    return true;
                }
            }
            finally
            {
                context.Gate.Release();
            }

            await context.Kv.WaitUntilIdleAsync(); // A repeat, or one too far ahead: judged by what came of those before.
        }
    }

    private static void CheckInputs(InputRun inputs)
    {
        var steps = 0L;
        foreach (var step in inputs.Steps.Span)
        {
            steps = step < 1 ? throw Refusals.Invalid($"A step of {step} tokens is impossible.") : steps + step;
        }

        if (inputs.Tokens.Length > MaxTokens || steps != inputs.Tokens.Length || inputs.FirstPosition < 0)
        {
            throw Refusals.Invalid(
                $"An append of {inputs.Tokens.Length} tokens in steps of {steps} at {inputs.FirstPosition} is malformed: "
                + $"at most {MaxTokens} tokens, steps that add up to them, and a position of 0 or more.");
        }
    }

    private void CheckStates(InputRun inputs, IReadOnlyList<NamedState> states)
    {
        var end = inputs.Tokens.IsEmpty ? context.TokenLength : Math.Max(context.TokenLength, inputs.FirstPosition + inputs.Tokens.Length);
        foreach (var state in states)
        {
            Names.RequireState(state.Name);
            if (state.Content.Length > NamedState.MaxBytes || state.Position < 0 || state.Position > end)
            {
                throw Refusals.Invalid(
                    $"State '{state.Name}' of {state.Content.Length} bytes at position {state.Position} is refused: "
                    + $"at most {NamedState.MaxBytes} bytes, at a position from 0 to {end}.");
            }
        }

        var names = context.Durable.States.Select(state => state.Name).Union(states.Select(state => state.Name)).Count();
        if (names > NamedState.MaxCount)
        {
            throw Refusals.Invalid($"A context keeps at most {NamedState.MaxCount} named states; this would be number {names}.");
        }
    }

    private void CheckRoom()
    {
        if (context.Durable.Inputs.SealedPages.Count + context.Durable.Extents.SealedPages.Count >= MaxPages)
        {
            throw Refusals.Invalid(
                $"The context is full: its manifest has {MaxPages} pages at {context.TokenLength} positions. "
                + "Rewind it, or go on in a new context.");
        }
    }

    /// <summary>Drops the already durable prefix of a retried append; throws if it differs.</summary>
    private async Task<InputRun> CutRepeatedAsync(SessionProof proof, InputRun inputs)
    {
        if (inputs.Tokens.IsEmpty || inputs.FirstPosition == context.TokenLength)
        {
            return inputs;
        }

        if (inputs.FirstPosition > context.TokenLength)
        {
            throw Refusals.Gap("inputs", inputs.FirstPosition, context.TokenLength);
        }

        if (services.Rules.AcknowledgesRepeatsWhenDurable)
        {
            await context.DrainAsync();
        }

        context.RequireHolder(proof);
        var repeated = (int)Math.Min(inputs.Tokens.Length, context.TokenLength - inputs.FirstPosition);
        await CompareAsync(inputs, repeated);
        context.RequireHolder(proof);
        return new InputRun(
            inputs.FirstPosition + repeated, inputs.Tokens[repeated..], StepCutter.Behind(inputs.Steps, repeated));
    }

    private async Task CompareAsync(InputRun inputs, int count)
    {
        foreach (var run in await reader.ReadInputsAsync(inputs.FirstPosition, count))
        {
            var offset = (int)(run.FirstPosition - inputs.FirstPosition);
            var common = run.Tokens.Span.CommonPrefixLength(inputs.Tokens.Span.Slice(offset, run.Tokens.Length));
            if (common < run.Tokens.Length)
            {
                var position = run.FirstPosition + common;
                throw Refusals.Conflict(
                    $"Position {position} holds token {run.Tokens.Span[common]}, not "
                    + $"{inputs.Tokens.Span[(int)(position - inputs.FirstPosition)]}. Read what is there, or rewind.",
                    position);
            }
        }
    }

    /// <summary>Checks a KV append.</summary>
    /// <returns>The chain hasher behind it; <see langword="null"/> when it is there already, and durable.</returns>
    private async Task<PrefixHasher?> CheckKvAsync(SessionProof proof, KvAppend kv)
    {
        context.RequireHolder(proof);
        var end = kv.FirstPosition + kv.Count;
        if (kv.FirstPosition > context.KvLength)
        {
            throw Refusals.Gap("KV", kv.FirstPosition, context.KvLength);
        }

        if (end > context.TokenLength)
        {
            throw Refusals.Gap("inputs for KV", end, context.TokenLength);
        }

        if (kv.FirstPosition < context.KvLength)
        {
            await context.DrainAsync();
            context.RequireHolder(proof);
            if (end > context.KvLength)
            {
                throw Refusals.Conflict(
                    $"KV of positions {kv.FirstPosition} to {end - 1} overlaps what is durable up to {context.KvLength}. "
                    + "Append from there.",
                    context.KvLength);
            }

            // Over the same inputs it is the same KV, however it was cut or has been merged since.
            CheckHash((await loader.HasherAtAsync(context, end)).Current(), kv);
            context.RequireHolder(proof);
            return null;
        }

        var hasher = (await loader.KvHasherAsync(context)).Clone();
        await loader.FeedAsync(context, hasher, end);
        context.RequireHolder(proof);
        CheckHash(hasher.Current(), kv);
        return hasher;
    }

    private void CheckHash(BlockHash expected, KvAppend kv)
    {
        if (expected != kv.PrefixHash && services.Rules.ComparesPrefixHash)
        {
            throw Refusals.Conflict(
                $"The prefix hash of KV up to position {kv.FirstPosition + kv.Count - 1} is that of other inputs.",
                kv.FirstPosition);
        }
    }
}
