using Swarm.Core.Errors;

namespace Swarm.Client.Sessions;

public sealed partial class AgentMemory
{
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
}
