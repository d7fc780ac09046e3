namespace Swarm.EndToEnd.Agent;

/// <summary>One agent on one context: feeds step after step until it is fenced or told to give the context back.</summary>
/// <param name="arguments">The process's arguments.</param>
/// <param name="context">Context name.</param>
/// <param name="history">Where everything is recorded.</param>
internal sealed class ContextWorker(AgentArguments arguments, string context, HistoryWriter history)
{
    private const int LogitsEvery = 16;

    private readonly int _step = Script.StepOf(context);
    private Watermarks _durable;
    private int _handoffs;

    /// <summary>Opens the context or takes it over, and holds it until the session is over.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="silence">How long its holder must be silent, to take it over; <see langword="null"/> to open it.</param>
    /// <param name="release">Cancelled to give it back.</param>
    public async Task RunAsync(SwarmAgent agent, TimeSpan? silence, CancellationToken release)
    {
        var runtime = Script.NewRuntime(arguments.Step);
        AgentMemory memory;
        try
        {
            memory = silence is { } time
                ? await agent.TakeOverAsync(context, runtime, TakeOver.IfHolderTimedOut(time), arguments.Memory, release)
                : await agent.OpenAsync(context, runtime, arguments.Memory, cancellationToken: release);
        }
        catch (OperationCanceledException) when (release.IsCancellationRequested)
        {
            return; // Told to stop before it had the context.
        }
        catch (Exception exception)
        {
            history.Write(EventKind.Failed, context, text: exception.ToString());
            return;
        }

        await HoldAsync(memory, release);
    }

    /// <summary>Holds the context until the session is over.</summary>
    /// <param name="memory">The session; it is disposed of.</param>
    /// <param name="release">Cancelled to give it back.</param>
    public async Task HoldAsync(AgentMemory memory, CancellationToken release)
    {
        try
        {
            await using (memory)
            {
                try
                {
                    await StepAsync(memory, release);
                }
                catch (StaleEpochException stale)
                {
                    RecordDurable(memory);
                    history.Write(EventKind.Fenced, context, memory.Epoch.Value, memory.Length, text: $"by epoch {stale.Refusal.CurrentEpoch}");
                }
            }
        }
        catch (Exception exception)
        {
            history.Write(EventKind.Failed, context, text: exception.ToString());
        }
    }

    /// <summary>Asks for a successor from the next step on, and gives the context to whoever is ready.</summary>
    public void RequestHandoff() => Interlocked.Exchange(ref _handoffs, 1);

    private async Task StepAsync(AgentMemory memory, CancellationToken release)
    {
        var logits = memory.Length == 0 ? 0 : Script.Digest((await memory.ComputeLogitsAsync(CancellationToken.None)).Span);
        var report = memory.Rehydration;
        history.Write(
            EventKind.Opened,
            context,
            memory.Epoch.Value,
            memory.Length,
            memory.Durable.Tokens,
            report.Held + report.Loaded,
            logits,
            $"{report.Recomputed} recomputed, {report.Discarded} discarded, {report.Tier}, {report.Elapsed.TotalMilliseconds:0} ms");
        var random = new Random((31 * (int)memory.Epoch.Value) + _step);
        Task<string>? request = null;
        for (var step = 0; !release.IsCancellationRequested; step++)
        {
            if (Interlocked.Exchange(ref _handoffs, 0) != 0)
            {
                request ??= memory.RequestHandoffAsync("as a test wishes", release);
            }

            await FeedAsync(memory, step);
            if (request?.IsCompletedSuccessfully == true)
            {
                history.Write(EventKind.Yielding, context, memory.Epoch.Value, memory.Length, text: await request);
                break;
            }

            request = request is { IsCompleted: true } ? null : request; // As when the silo was lost that was asked.
            RecordDurable(memory);
            if (memory.Length > (Script.MaxPositions * 3 / 4) || (step > 0 && random.Next(400) == 0))
            {
                await RewindAsync(memory, random);
            }

            if (arguments.Period > TimeSpan.Zero)
            {
                await Task.Delay(arguments.Period * (0.5 + random.NextDouble()), CancellationToken.None);
            }

            RecordDurable(memory);
        }

        var successor = request?.IsCompletedSuccessfully == true ? await request : "";
        await memory.ReleaseAsync(successor, CancellationToken.None);
        history.Write(EventKind.Released, context, memory.Epoch.Value, memory.Length, memory.Durable.Tokens, memory.Durable.Kv);
    }

    private async Task FeedAsync(AgentMemory memory, int step)
    {
        var (epoch, position) = (memory.Epoch.Value, memory.Length);
        history.Write(EventKind.Feeding, context, epoch, position);
        await memory.FeedAsync(Script.Tokens(context, epoch, position));
        if (step % LogitsEvery == 0)
        {
            history.Write(
                step == 0 ? EventKind.FirstToken : EventKind.Logits,
                context,
                epoch,
                memory.Length,
                logits: Script.Digest(memory.Logits.Span));
        }
    }

    private async Task RewindAsync(AgentMemory memory, Random random)
    {
        var kept = random.NextInt64(memory.Length / _step) / 2 * _step;
        history.Write(EventKind.Rewinding, context, memory.Epoch.Value, kept);
        await memory.RewindAsync(kept);
        _durable = default;
        var durable = memory.Durable;
        history.Write(EventKind.Rewound, context, memory.Epoch.Value, memory.Length, durable.Tokens, durable.Kv);
    }

    private void RecordDurable(AgentMemory memory)
    {
        var durable = memory.Durable;
        if (durable != _durable)
        {
            _durable = durable;
            history.Write(
                EventKind.Durable, context, memory.Epoch.Value, memory.Length, durable.Tokens, durable.Kv);
        }
    }
}
