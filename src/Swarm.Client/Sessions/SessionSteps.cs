using Swarm.Client.Streaming;

namespace Swarm.Client.Sessions;

/// <summary>What a session does with the steps that it takes.</summary>
internal interface IStepSink
{
    /// <summary>Makes sure that there is room for some steps, before the first of them.</summary>
    /// <param name="tokens">Tokens of all of them.</param>
    /// <param name="maxStep">Most tokens of one.</param>
    /// <param name="states">States that become durable with the last of them.</param>
    void Reserve(int tokens, int maxStep, IReadOnlyList<NamedState> states);

    /// <summary>Whether a step may be taken now: not while too much is not durable.</summary>
    bool MayStep();

    /// <summary>Waits until a step may be taken, or the session is over.</summary>
    ValueTask WaitForRoomAsync(CancellationToken cancellationToken);

    /// <summary>Takes a step's inputs, before the model computes it.</summary>
    void Record(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states);

    /// <summary>Logits behind the last position are there, which were not.</summary>
    void NoteLogits();

    /// <summary>The model has computed all steps, with their logits.</summary>
    void NoteComputed();

    /// <summary>The model has failed.</summary>
    void NoteFailed(InvalidOperationException? fault);
}

/// <summary>Feeds and generates: cuts inputs into steps, computes them where steps are computed, and waits while the sink is full. One caller at a time.</summary>
/// <param name="history">The session's inputs.</param>
/// <param name="driver">The runtime; none where KV is computed elsewhere.</param>
/// <param name="sink">What becomes of the steps.</param>
internal sealed class SessionSteps(InputHistory history, RuntimeDriver? driver, IStepSink sink)
{
    private readonly Sampler _greedy = new(new SamplerOptions { Temperature = 0 });

    /// <summary>Feeds inputs: one step, or several where they are longer than one.</summary>
    /// <param name="tokens">The inputs.</param>
    /// <param name="states">States as of their end.</param>
    /// <param name="cancellationToken">Stops waiting for room; a step is not stopped.</param>
    /// <exception cref="ArgumentException">A token is out of range, or there are more than the runtime holds. Nothing was fed.</exception>
    public async ValueTask FeedAsync(ReadOnlyMemory<int> tokens, IReadOnlyList<NamedState> states, CancellationToken cancellationToken)
    {
        var maxStep = driver?.MaxStepTokens ?? DataPlane.Frames.FrameLimits.MaxAppendTokens;
        sink.Reserve(tokens.Length, maxStep, states);
        await TakeAsync(
            () =>
            {
                while (!tokens.IsEmpty)
                {
                    if (!sink.MayStep())
                    {
                        return false;
                    }

                    var step = Math.Min(tokens.Length, maxStep);
                    Step(tokens.Span[..step], tokens.Length == step ? states : []);
                    tokens = tokens[step..];
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Generates tokens, each a step of its own; see <see cref="AgentMemory.GenerateAsync"/>.</summary>
    public async ValueTask<int[]> GenerateAsync(int maxTokens, Sampler? sampler, CancellationToken cancellationToken)
    {
        var computing = driver ?? throw NoRuntime();
        if (history.Length == 0)
        {
            throw new InvalidOperationException("The context is empty: feed at least one token before generating.");
        }

        if (history.Length + (long)maxTokens > computing.Runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"{maxTokens} tokens behind {history.Length} positions are over the runtime's {computing.Runtime.MaxPositions}: there is room for "
                + $"{computing.Runtime.MaxPositions - history.Length}. Ask for fewer, rewind the context, or give the model a larger cache.",
                nameof(maxTokens));
        }

        await ComputeLogitsAsync().ConfigureAwait(false);
        sink.NoteLogits();
        sink.Reserve(maxTokens, 1, []);
        var generated = new int[maxTokens];
        var count = 0;
        try
        {
            await TakeAsync(
                () =>
                {
                    for (; count < maxTokens; count++)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        if (!sink.MayStep())
                        {
                            return false;
                        }

                        var token = (sampler ?? _greedy).Sample(computing.Logits.Span, history.Length);
                        Check([token]);
                        generated[count] = token;
                        Step([token], []);
                    }

                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new GenerationCanceledException(generated[..count], cancellationToken);
        }

        return generated;
    }

    /// <summary>What generating without a runtime throws.</summary>
    public static InvalidOperationException NoRuntime() =>
        new("This session has no runtime: it appends tokens alone. Open the context with a runtime to generate.");

    /// <summary>Computes what was cut off a step as a step of its own. It does not wait for room.</summary>
    public ValueTask FeedRestAsync(int[] tokens) => TakeAsync(
        () =>
        {
            Step(tokens, []);
            return true;
        },
        CancellationToken.None);

    /// <summary>Computes the logits behind the last position, if they are not there.</summary>
    public ValueTask ComputeLogitsAsync() => driver is null or { HasLogits: true }
        ? ValueTask.CompletedTask
        : new ValueTask(driver.RunAsync(() =>
        {
            driver.RequireLogits();
            sink.NoteLogits();
            return true;
        }));

    /// <summary>Refuses inputs that the runtime cannot take.</summary>
    /// <exception cref="ArgumentException">A token is out of range, or there are more than the runtime holds.</exception>
    public void Check(ReadOnlySpan<int> tokens)
    {
        if (driver?.Runtime is not { } runtime)
        {
            return;
        }

        if (history.Length + (long)tokens.Length > runtime.MaxPositions)
        {
            throw new ArgumentException(
                $"{tokens.Length} tokens behind {history.Length} positions are over the runtime's {runtime.MaxPositions}. "
                + "Rewind the context, or give the model a larger cache.",
                nameof(tokens));
        }

        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)runtime.VocabularySize)
            {
                throw new ArgumentException(
                    $"Token {token} is outside 0 to {runtime.VocabularySize - 1}.", nameof(tokens));
            }
        }
    }

    /// <summary>A state as of a position, checked.</summary>
    /// <exception cref="ArgumentException">The name is not allowed, or the content too long.</exception>
    public static NamedState State(string name, ReadOnlyMemory<byte> content, long position) =>
        content.Length <= NamedState.MaxBytes
            ? new NamedState(Names.RequireAgentState(name), position, content.ToArray())
            : throw new ArgumentException(
                $"State '{name}' has {content.Length} bytes; at most {NamedState.MaxBytes} are allowed.", nameof(content));

    /// <summary>Takes steps where steps are computed, or here without a runtime, and waits whenever there is no room.</summary>
    /// <param name="take">Takes steps until all are taken. Where <see cref="IStepSink.MayStep"/> says no, it says so too, and is called again.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private async ValueTask TakeAsync(Func<bool> take, CancellationToken cancellationToken)
    {
        while (!(driver is null ? take() : await driver.RunAsync(take).ConfigureAwait(false)))
        {
            await sink.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Step(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states)
    {
        driver?.RequireUndisturbed();
        sink.Record(tokens, states); // First: the inputs are on their way while the model computes.
        if (driver is not null)
        {
            try
            {
                driver.CatchUp(CancellationToken.None);
            }
            catch
            {
                sink.NoteFailed(driver.Fault);
                throw;
            }

            sink.NoteComputed();
        }
    }
}
