using Swarm.Core.Contexts;
using Swarm.DataPlane.Frames;
using Swarm.DataPlane.Messages;

namespace Swarm.DataPlane.Server;

/// <summary>Answers one read with as many frames as it takes, and an end.</summary>
/// <param name="connection">The connection.</param>
/// <param name="attachment">Whose context is read.</param>
/// <param name="request">The request's header.</param>
/// <param name="read">Its cancellation and credit.</param>
internal sealed class ReadHandler(
    ServerConnection connection, ServerAttachment attachment, FrameHeader request, ServerRead read)
{
    /// <summary>Answers the read.</summary>
    public Task RunAsync(ReadRange range)
    {
        // A reader may ask for all there is: no sum of position and count overflows behind here.
        range = range with { Count = Math.Min(range.Count, long.MaxValue - range.FirstPosition) };
        return request.Type switch
        {
            FrameType.ReadInputs => ReadInputsAsync(range),
            FrameType.ReadKv => ReadKvAsync(range),
            _ => ReadStatesAsync(),
        };
    }

    /// <summary>Tells a follower what becomes durable, until it cancels, or something that it has was taken back.</summary>
    public async Task FollowAsync(FollowPoint from)
    {
        var sending = Task.CompletedTask;
        try
        {
            // The next run is read while this one is on the wire; a slow follower is waited for here, and by nobody else.
            await foreach (var told in attachment.Context.FollowAsync(from, read.Token).ConfigureAwait(false))
            {
                try
                {
                    await sending.ConfigureAwait(false);
                }
                catch
                {
                    told.Kv?.Dispose();
                    throw;
                }

                if (told.Kv is { } run)
                {
                    sending = SendRunAsync(run);
                }
                else if (told.Inputs is { } inputs)
                {
                    foreach (var part in Split(inputs))
                    {
                        await SendAsync(FrameType.Inputs, new InputList(part, new StateList([]))).ConfigureAwait(false);
                    }
                }
                else if (told.Epoch is { } epoch)
                {
                    await SendAsync(FrameType.FollowedEpoch, new DurableState(epoch.Epoch.Value, epoch.Kept)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            await sending.ConfigureAwait(false);
        }

        await SendAsync(FrameType.End, new End(0, false)).ConfigureAwait(false);
    }

    private async Task ReadInputsAsync(ReadRange range)
    {
        var wanted = Math.Min(range.FirstPosition + range.Count, attachment.Context.Status.Durable.Tokens);
        var next = range.FirstPosition;
        var runs = attachment.Context.ReadInputsAsync(range.FirstPosition, range.Count, read.Token);
        await foreach (var run in runs.ConfigureAwait(false))
        {
            foreach (var part in Split(run))
            {
                await SendAsync(FrameType.Inputs, new InputList(part, new StateList([]))).ConfigureAwait(false);
            }

            next = run.FirstPosition + run.Tokens.Length;
        }

        await SendAsync(FrameType.End, new End(next, next >= wanted)).ConfigureAwait(false);
    }

    private async Task ReadKvAsync(ReadRange range)
    {
        var wanted = Math.Min(range.FirstPosition + range.Count, attachment.Context.Status.Durable.Kv);
        var next = range.FirstPosition;
        var sending = Task.CompletedTask;
        try
        {
            // The next run is read from storage while this one is on the wire.
            var runs = attachment.Context.ReadKvAsync(range.FirstPosition, range.Count, range.IsRecheck ? KvReading.Rechecked : connection.ReadingToSend, read.Token);
            await foreach (var run in runs.ConfigureAwait(false))
            {
                try
                {
                    await sending.ConfigureAwait(false);
                }
                catch
                {
                    run.Dispose();
                    throw;
                }

                next = run.FirstPosition + run.Count;
                sending = SendRunAsync(run);
            }
        }
        finally
        {
            await sending.ConfigureAwait(false);
        }

        await SendAsync(FrameType.End, new End(next, next >= wanted)).ConfigureAwait(false);
    }

    private async Task SendRunAsync(KvRunData run)
    {
        using (run)
        {
            await read.TakeCreditAsync(run.Length).ConfigureAwait(false);
            var head = new KvHead(run.FirstPosition, run.Count, run.Tier, run.PrefixHash.Value, connection.SendsChecksums ? run.Checksum : null);
            if (run.File is { } file)
            {
                await connection.SendFileAsync(FrameType.KvRun, request.Attachment, request.Correlation, head, file).ConfigureAwait(false);
            }
            else
            {
                await connection.SendAsync(FrameType.KvRun, request.Attachment, request.Correlation, head, run.Frames).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadStatesAsync()
    {
        List<NamedState> part = [];
        var bytes = 0;
        foreach (var state in attachment.Context.ReadStates())
        {
            var length = StateList.LengthOf(state);
            if (part.Count == FrameLimits.MaxStates || bytes + length > FrameLimits.MaxControlBytes / 2)
            {
                await SendAsync(FrameType.States, new StateList(part)).ConfigureAwait(false);
                (part, bytes) = ([], 0);
            }

            part.Add(state);
            bytes += length;
        }

        await SendAsync(FrameType.States, new StateList(part)).ConfigureAwait(false);
        await SendAsync(FrameType.End, new End(0, true)).ConfigureAwait(false);
    }

    private ValueTask SendAsync<TMessage>(FrameType type, TMessage message)
        where TMessage : IMessage<TMessage>
    {
        read.Token.ThrowIfCancellationRequested();
        return connection.SendAsync(type, request.Attachment, request.Correlation, message);
    }

    /// <summary>Cuts a run into parts that fit a frame, between steps.</summary>
    private static IEnumerable<InputRun> Split(InputRun run)
    {
        var firstStep = 0;
        var firstToken = 0;
        while (firstToken < run.Tokens.Length)
        {
            var tokens = 0;
            var step = firstStep;
            while (step < run.Steps.Length && tokens + run.Steps.Span[step] <= FrameLimits.MaxAppendTokens)
            {
                tokens += run.Steps.Span[step++];
            }

            if (tokens == 0)
            {
                throw new InvalidOperationException(
                    $"A step at position {run.FirstPosition + firstToken} is over {FrameLimits.MaxAppendTokens} tokens.");
            }

            yield return new InputRun(
                run.FirstPosition + firstToken, run.Tokens.Slice(firstToken, tokens), run.Steps[firstStep..step]);
            (firstStep, firstToken) = (step, firstToken + tokens);
        }
    }
}
