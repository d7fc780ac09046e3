using Swarm.Client;
namespace Swarm;

public sealed partial class AgentMemory
{
    private bool _isGivenUp;

    /// <summary>Feeds what the context lacks of a prompt that it is to begin with.</summary>
    /// <exception cref="AppendConflictException">It begins otherwise; it was given back.</exception>
    internal async ValueTask GoOnWithAsync(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken)
    {
        var length = _history.Length;
        var common = _history.CommonLength(prompt.Span);
        if (common < Math.Min(length, prompt.Length))
        {
            await ReleaseAsync("", cancellationToken).ConfigureAwait(false);
            throw new AppendConflictException(new Refusal(
                RefusalCode.Conflict,
                $"Context '{Context}' has other inputs than the prompt at position {common}. Open it without a prompt, or choose another name.",
                Position: common));
        }

        if (length < prompt.Length)
        {
            await FeedAsync(prompt[length..], cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Gives the context back as far as it is durable, if that can be done soon: nobody must wait for a session that never came to be, and
    /// KV that a model could not compute will not come.
    /// </summary>
    internal async ValueTask GiveUpAsync()
    {
        if (_state.IsReleased)
        {
            return; // It has other inputs than the prompt.
        }

        _isGivenUp = true;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), _timeProvider);
            await GiveBackAsync("", limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or SwarmRefusedException
            or SwarmTransportException)
        {
            ClientLog.NotGivenBack(_logger, Context, exception.Message);
        }
    }
}
