using System.Runtime.CompilerServices;
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

    /// <summary>Ends <see cref="Reserve"/>. Harmless if repeated.</summary>
    void EndReservation();

    /// <summary>Whether a step may be taken now: not while too much is not durable.</summary>
    bool MayStep();

    /// <summary>Waits until a step may be taken, or the session is over.</summary>
    ValueTask WaitForRoomAsync(CancellationToken cancellationToken);

    /// <summary>Takes a step's inputs, before the model computes it.</summary>
    void Record(ReadOnlySpan<int> tokens, IReadOnlyList<NamedState> states);

    /// <summary>Keeps states that come without inputs.</summary>
    void KeepStates(IReadOnlyList<NamedState> states);

    /// <summary>How many names of states the context has with some more, Swarm's own among them.</summary>
    int CountStatesWith(IReadOnlyList<NamedState> states);

    /// <summary>Logits behind the last position are there, which were not.</summary>
    void NoteLogits();

    /// <summary>The model has computed all steps, with their logits.</summary>
    void NoteComputed();

    /// <summary>The model has failed.</summary>
    void NoteFailed(InvalidOperationException? fault);
}

/// <summary>Feeds and generates, in the session's turn: cuts inputs into steps, computes them where steps are computed, and waits while the sink is full.</summary>
/// <param name="history">The session's inputs.</param>
/// <param name="driver">The runtime; none where KV is computed elsewhere.</param>
/// <param name="turn">The session's turn.</param>
/// <param name="sink">What becomes of the steps.</param>
internal sealed class SessionSteps(InputHistory history, RuntimeDriver? driver, SessionTurn turn, IStepSink sink)
{
    private readonly Sampler _greedy = new(SamplerOptions.Greedy);

    /// <summary>Feeds inputs, see <see cref="AgentMemory.FeedAsync(ReadOnlyMemory{int}, IReadOnlyList{ValueTuple{string, ReadOnlyMemory{byte}}}, CancellationToken)"/>.</summary>
    public async ValueTask FeedAsync(
        ReadOnlyMemory<int> tokens, IReadOnlyList<(string Name, ReadOnlyMemory<byte> Content)> states, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(states);
        await turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Check(tokens.Span);
            var end = history.Length + tokens.Length;
            List<NamedState> checkedStates = [.. states.Select(state => State(state.Name, state.Content, end))];
            RequireRoomFor(checkedStates);
            if (tokens.IsEmpty)
            {
                sink.KeepStates(checkedStates);
                return;
            }

            var maxStep = driver?.MaxStepTokens ?? DataPlane.Frames.FrameLimits.MaxAppendTokens;
            sink.Reserve(tokens.Length, maxStep, checkedStates);
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
                        Step(tokens.Span[..step], tokens.Length == step ? checkedStates : []);
                        tokens = tokens[step..];
                    }

                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Feeds what is left over, see <see cref="AgentMemory.FeedAsync(SpoolLeftover, CancellationToken)"/>.</summary>
    public async ValueTask FeedAsync(string context, SpoolLeftover leftover, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(leftover);
        if (leftover.FirstPosition != history.Length)
        {
            throw new ArgumentException(
                $"The inputs left over of '{leftover.Context}' begin at position {leftover.FirstPosition}, '{context}' ends at "
                + $"{history.Length}. Fork '{leftover.Context}' at {leftover.FirstPosition}, and feed them to the fork.",
                nameof(leftover));
        }

        var first = 0;
        var states = leftover.States.ToList();
        foreach (var step in leftover.Inputs.Steps.ToArray())
        {
            var end = leftover.FirstPosition + first + step;
            var seen = states.FindAll(state => state.Position <= end);
            states.RemoveAll(seen.Contains);
            await FeedAsync(
                leftover.Inputs.Tokens.Slice(first, step),
                [.. seen.Select(state => (state.Name, state.Content))],
                cancellationToken).ConfigureAwait(false);
            first += step;
        }
    }

    /// <summary>Sets a state as of the present length, see <see cref="AgentMemory.SetState"/>. It does not wait for the turn.</summary>
    public void SetState(string name, ReadOnlyMemory<byte> content)
    {
        NamedState[] states = [State(name, content, history.Length)];
        RequireRoomFor(states);
        sink.KeepStates(states);
    }

    /// <summary>Generates tokens, see <see cref="AgentMemory.GenerateAsync"/>.</summary>
    public async ValueTask<int[]> GenerateAsync(int maxTokens, Sampler? sampler, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxTokens);
        var computing = driver ?? throw NoRuntime();
        await turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var generated = new int[await BeginGeneratingAsync(computing, maxTokens).ConfigureAwait(false)];
            var count = 0;
            try
            {
                await TakeAsync(
                    () =>
                    {
                        for (; count < generated.Length; count++)
                        {
                            cancellationToken.ThrowIfCancellationRequested();
                            if (!sink.MayStep())
                            {
                                return false;
                            }

                            generated[count] = Choose(computing, sampler ?? _greedy);
                            Compute(computing);
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
        finally
        {
            Leave();
        }
    }

    /// <summary>Generates tokens one by one, see <see cref="AgentMemory.GenerateStreamAsync"/>.</summary>
    public IAsyncEnumerable<GeneratedToken> GenerateStreamAsync(GenerateOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var computing = driver ?? throw NoRuntime();
        options.Require(computing.Runtime.VocabularySize, nameof(options));
        return StreamAsync(computing, options, cancellationToken);
    }

    /// <summary>What generating without a runtime throws.</summary>
    public static InvalidOperationException NoRuntime() =>
        new("This session has no runtime: it appends tokens alone. Open the context with a runtime to generate.");

    /// <summary>Computes what was cut off a step as a step of its own. It does not wait for room, and its caller has the turn.</summary>
    public ValueTask FeedRestAsync(int[] tokens) => TakeAsync(
        () =>
        {
            Step(tokens, []);
            return true;
        },
        CancellationToken.None);

    /// <summary>Computes the logits behind the last position, see <see cref="AgentMemory.ComputeLogitsAsync"/>.</summary>
    public async ValueTask<ReadOnlyMemory<float>> ComputeLogitsAsync(CancellationToken cancellationToken)
    {
        await turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await RequireLogitsAsync().ConfigureAwait(false);
            return driver?.Logits ?? default;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>A state as of a position, checked.</summary>
    /// <exception cref="ArgumentException">The name is not allowed, or the content too long.</exception>
    private static NamedState State(string name, ReadOnlyMemory<byte> content, long position) =>
        content.Length <= NamedState.MaxBytes
            ? new NamedState(Names.RequireAgentState(name), position, content.ToArray())
            : throw new ArgumentException(
                $"State '{name}' has {content.Length} bytes; at most {NamedState.MaxBytes} are allowed.", nameof(content));

    /// <summary>Refuses here what the silo would refuse later, when it would end the session.</summary>
    private void RequireRoomFor(IReadOnlyList<NamedState> states)
    {
        if (states.Count > 0 && sink.CountStatesWith(states) is > NamedState.MaxCount and var count)
        {
            throw new ArgumentException(
                $"The context would have {count} states with '{states[^1].Name}', Swarm's own among them; at most {NamedState.MaxCount} are kept. "
                + "Set one that is there anew.",
                nameof(states));
        }
    }

    private ValueTask RequireLogitsAsync() => driver is null or { HasLogits: true }
        ? ValueTask.CompletedTask
        : new ValueTask(driver.RunAsync(() =>
        {
            driver.RequireLogits();
            sink.NoteLogits();
            return true;
        }));

    /// <summary>Refuses inputs that the runtime cannot take.</summary>
    /// <exception cref="ArgumentException">A token is out of range, or there are more than the runtime holds.</exception>
    private void Check(ReadOnlySpan<int> tokens)
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
            Compute(driver);
        }
    }

    /// <summary>Makes sure that there is room for what is to be generated, and that there are logits to choose from.</summary>
    /// <param name="computing">The runtime.</param>
    /// <param name="maxTokens">How many tokens; <see langword="null"/> for as many as the runtime has room for, none of which is reserved.</param>
    /// <returns>How many.</returns>
    private async ValueTask<int> BeginGeneratingAsync(RuntimeDriver computing, int? maxTokens)
    {
        if (history.Length == 0)
        {
            throw new InvalidOperationException("The context is empty: feed at least one token before generating.");
        }

        var room = computing.Runtime.MaxPositions - history.Length;
        var wanted = maxTokens ?? Math.Max(1, room);
        if (wanted > room)
        {
            throw new ArgumentException(
                $"{wanted} tokens behind {history.Length} positions are over the runtime's {computing.Runtime.MaxPositions}: there is room for "
                + $"{room}. Ask for fewer, rewind the context, or give the model a larger cache.",
                nameof(maxTokens));
        }

        await RequireLogitsAsync().ConfigureAwait(false);
        sink.NoteLogits();
        sink.Reserve(maxTokens ?? 0, 1, []);
        return wanted;
    }

    private async IAsyncEnumerable<GeneratedToken> StreamAsync(
        RuntimeDriver computing, GenerateOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sampler = options.CreateSampler();
        var stops = options.StopTokens.ToHashSet();
        var text = new StopText(options.Tokenizer, options.StopStrings);
        var stream = new TokenStream(
            computing,
            turn,
            () =>
            {
                turn.ThrowIfOver();
                cancellationToken.ThrowIfCancellationRequested();
                if (!sink.MayStep())
                {
                    return TokenStream.NoRoom;
                }

                if (options.MaxTokens is null)
                {
                    sink.Reserve(1, 1, []);
                }

                return Choose(computing, sampler);
            },
            () => Compute(computing));
        var left = await OpenStreamAsync(computing, options.MaxTokens, cancellationToken).ConfigureAwait(false);
        try
        {
            for (var finish = GenerateFinish.None; left > 0 && finish == GenerateFinish.None; left--)
            {
                var position = history.Length;
                var token = await stream.ChooseAsync().ConfigureAwait(false);
                while (token == TokenStream.NoRoom)
                {
                    await sink.WaitForRoomAsync(cancellationToken).ConfigureAwait(false);
                    token = await stream.ChooseAsync().ConfigureAwait(false);
                }

                string added;
                (added, finish) = Decode(text, token, stops.Contains(token), left == 1);
                yield return new GeneratedToken(token, position, added, finish);
            }

            await stream.EndAsync().ConfigureAwait(false);
        }
        finally
        {
            // Where it was left early, the step of the last token may run yet; what it throws is told by the session's next call.
            await stream.EndAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            sink.EndReservation();
            turn.CloseStream();
        }
    }

    private async ValueTask<int> OpenStreamAsync(RuntimeDriver computing, int? maxTokens, CancellationToken cancellationToken)
    {
        await turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var count = await BeginGeneratingAsync(computing, maxTokens).ConfigureAwait(false);
            turn.OpenStream(); // What was reserved stays so until it ends.
            return count;
        }
        finally
        {
            turn.Leave();
        }
    }

    /// <summary>The text that a token makes certain, and whether it is the last one.</summary>
    private static (string Text, GenerateFinish Finish) Decode(StopText text, int token, bool isStop, bool isLast)
    {
        var (added, isStopped) = isStop ? ("", false) : text.Append(token);
        if (isStopped)
        {
            return (added, GenerateFinish.StopString);
        }

        if (!isStop && !isLast)
        {
            return (added, GenerateFinish.None);
        }

        (var rest, isStopped) = text.End();
        return (added + rest, isStop ? GenerateFinish.StopToken : isStopped ? GenerateFinish.StopString : GenerateFinish.MaxTokens);
    }

    /// <summary>Chooses the next token, and takes it as a step that is to be computed.</summary>
    private int Choose(RuntimeDriver computing, Sampler sampler)
    {
        var token = sampler.Sample(computing.Logits.Span, history.Length);
        Check([token]);
        computing.RequireUndisturbed();
        sink.Record([token], []);
        return token;
    }

    private void Compute(RuntimeDriver computing)
    {
        try
        {
            computing.CatchUp(CancellationToken.None);
        }
        catch
        {
            sink.NoteFailed(computing.Fault);
            throw;
        }

        sink.NoteComputed();
    }

    private void Leave()
    {
        sink.EndReservation();
        turn.Leave();
    }
}
